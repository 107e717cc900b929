// Package schema is what ent generates its code from.
package schema

import (
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Person is the table of people, as the other contestants have it.
type Person struct{ ent.Schema }

// Annotations name the table.
func (Person) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: "people"}}
}

// Fields are the seven columns.
func (Person) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").Immutable(),
		field.String("email").Unique(),
		field.String("name"),
		field.Int64("age").Optional().Nillable(),
		field.Float("score"),
		field.Time("created_at").Default(time.Now).Immutable(),
		field.Time("updated_at").Default(time.Now).UpdateDefault(time.Now),
	}
}
