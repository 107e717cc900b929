package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func named(_ context.Context, p *person) error {
	if strings.TrimSpace(p.Name) == "" {
		return nodes.Field("name", "must not be empty")
	}
	return nil
}

// What a validation refuses is not stored, and its error names the field, the same everywhere.
func TestValidateNamesTheField(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		people := open[person, uuid.UUID](t, d).WithHooks(personHooks{Validate: named})
		p := newPerson("Ada", nil)
		require.NoError(t, people.Create(ctx, &p))
		before := stored(t, people, p.ID)
		check := func(on *personNode) {
			blank, empty := newPerson(" ", nil), p
			empty.Name = ""
			for op, err := range map[string]error{
				"create": on.Create(ctx, &blank),
				"update": on.Update(ctx, &empty),
				"patch":  second(on.Patch(ctx, p.ID, nodes.Set{"name": "  "})),
			} {
				require.ErrorIs(t, err, schema.ErrInvalid)
				require.EqualError(t, err, op+" people: invalid input: must not be empty [name]")
				var known *schema.Error
				require.ErrorAs(t, err, &known)
				require.Equal(t, "name", known.Constraint)
				require.Equal(t, op, known.Op)
				require.Equal(t, "people", known.Table)
			}
			require.True(t, blank.CreatedAt.IsZero())
		}
		check(people)
		_, err := inTx(t, d, func(tx *listening) error {
			check(people.In(tx))
			_, err := people.In(tx).Patch(ctx, p.ID, nodes.Set{"age": 7})
			return err
		})
		require.NoError(t, err, "a refused patch was undone, and the transaction goes on")
		after := stored(t, people, p.ID)
		require.Equal(t, 7, *after.Age)
		after.Age, after.UpdatedAt = before.Age, before.UpdatedAt
		require.Equal(t, before, after)
		count, err := people.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 1, count)
	})
}

// The validation has the last word: it sees what the Before hook made of the row.
func TestValidateComesAfterBefore(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		trimming := func(_ context.Context, _ dialect.Tx, p *person) error {
			p.Name = strings.TrimSpace(p.Name)
			return nil
		}
		people := open[person, uuid.UUID](t, d).WithHooks(personHooks{
			Validate: named, BeforeCreate: trimming, BeforeUpdate: trimming,
		})
		p := newPerson(" Ada ", nil)
		require.NoError(t, people.Create(ctx, &p))
		require.Equal(t, "Ada", p.Name)
		p.Name = "\t"
		require.ErrorIs(t, people.Update(ctx, &p), schema.ErrInvalid)
		require.Equal(t, "Ada", stored(t, people, p.ID).Name)
		p.Name = " Bob"
		require.NoError(t, people.Update(ctx, &p))
		require.Equal(t, "Bob", stored(t, people, p.ID).Name)
	})
}

// Errors of the user's own come through, several fields at once among them.
func TestValidateWithErrorsOfItsOwn(t *testing.T) {
	own := errors.New("mine")
	each(t, func(t *testing.T, d dialect.Dialect) {
		var answer error
		people := open[person, uuid.UUID](t, d).WithHooks(personHooks{
			Validate: func(context.Context, *person) error { return answer },
		})
		p := newPerson("Ada", nil)
		answer = own
		err := people.Create(t.Context(), &p)
		require.ErrorIs(t, err, own)
		require.NotErrorIs(t, err, schema.ErrInvalid)
		require.EqualError(t, err, "create people: validate: mine")

		answer = fmt.Errorf("both: %w", errors.Join(nodes.Field("name", "too short"), nodes.Field("email", "no at sign")))
		err = people.Create(t.Context(), &p)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "create people: validate: both: ")
		require.ErrorContains(t, err, "too short [name]")
		require.ErrorContains(t, err, "no at sign [email]")
		count, err := people.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Zero(t, count)
	})
}
