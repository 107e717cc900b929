package schema_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

type tenantRow struct {
	ID    int64  `db:"id"    schema:"pk"`
	Email string `db:"email" schema:"unique,check=email <> ''"`
	Owner int64  `db:"owner" schema:"references=owners.id"`
	Next  int64  `db:"next"  schema:"index=both"`
	Last  int64  `db:"last"  schema:"index=both"`
}

// A table that shares with others is the table that it would be by itself, whatever options the others had.
func TestModelsMakeTheTablesOfTableOf(t *testing.T) {
	var models schema.Models
	for _, opts := range [][]schema.TableOption{
		{schema.Named("a"), schema.WithIndex("owner"), schema.WithCheck("next > 0"), schema.InNamespace("x")},
		{schema.Named("b")},
		{schema.Named("c"), schema.WithUnique("owner", "next"), schema.WithComment("c")},
		{schema.Named("d"), schema.InNamespace("y"), schema.WithForeignKey(schema.ForeignKey{
			Columns: []string{"next"}, References: schema.Ref{Name: "others"}, RefColumns: []string{"id"},
		})},
		{schema.Named("e"), schema.WithIndex("owner"), schema.Was("f"), schema.AppendOnly()},
		nil,
	} {
		want, err := schema.TableOf[tenantRow](opts...)
		require.NoError(t, err)
		for range 2 {
			have, err := models.TableOf(reflect.TypeFor[tenantRow](), opts...)
			require.NoError(t, err)
			require.Equal(t, want.Fingerprint(), have.Fingerprint())
			require.Equal(t, want.Ref(), have.Ref())
			require.Equal(t, want.Indexes(), have.Indexes())
			require.Equal(t, want.ForeignKeys(), have.ForeignKeys())
			require.Equal(t, want.Checks(), have.Checks())
			require.Equal(t, want.Comment(), have.Comment())
			require.Equal(t, want.AppendOnly(), have.AppendOnly())
			require.Equal(t, want.KeyNames(), have.KeyNames())
		}
	}
}

// Faults are told each time, those of the struct and those of the options, and spoil nothing.
func TestModelsTellFaults(t *testing.T) {
	var models schema.Models
	type bad struct {
		ID int64 `db:"id" schema:"pk,wrong"`
	}
	for range 2 {
		_, err := models.TableOf(reflect.TypeFor[bad]())
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = models.TableOf(reflect.TypeFor[int]())
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = models.TableOf(reflect.TypeFor[tenantRow](), schema.WithIndex("none"))
		require.ErrorContains(t, err, "none")
		made, err := models.TableOf(reflect.TypeFor[tenantRow]())
		require.NoError(t, err)
		require.Equal(t, "tenant_rows", made.Ref().Name)
		_, err = models.TableOf(reflect.TypeFor[tenantRow](), schema.Named(""))
		require.ErrorIs(t, err, schema.ErrInvalid)
	}
}
