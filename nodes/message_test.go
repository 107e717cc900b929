package nodes_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// replyTo has a node serve a request and gives the reply as what it must be.
func replyTo[R any, T any, K comparable](t *testing.T, n *nodes.Node[T, K], request any) R {
	t.Helper()
	got, err := n.Serve(t.Context(), request)
	require.NoError(t, err)
	reply, ok := got.(R)
	require.True(t, ok, "%T", got)
	return reply
}

// Every method can be asked for by a message, and rows of a request stay as they are.
func TestRequests(t *testing.T) {
	type (
		row  = nodes.RowReply[note]
		many = nodes.CountReply
		done = nodes.DoneReply
	)
	each(t, func(t *testing.T, d dialect.Dialect) {
		n := open[note, int64](t, d)
		first := replyTo[row](t, n, nodes.CreateRequest[note, int64]{Row: note{Title: "one"}}).Row
		require.Equal(t, int64(1), first.ID)
		require.Equal(t, "nothing yet", first.Body)

		first.Title = "uno"
		second := replyTo[row](t, n, &nodes.UpdateRequest[note, int64]{Row: first}).Row
		require.Equal(t, first.Version+1, second.Version)
		patch := nodes.PatchRequest[note, int64]{Key: 1, Set: nodes.Set{"body": "text"}}
		patch.Options = []nodes.ChangeOption{nodes.IfVersion(int64(second.Version))}
		require.Equal(t, "text", replyTo[row](t, n, patch).Row.Body)
		_, err := n.Serve(t.Context(), patch)
		require.ErrorIs(t, err, schema.ErrConflict)

		up := replyTo[nodes.UpsertReply[note]](t, n, nodes.UpsertRequest[note, int64]{Row: note{ID: 9, Title: "nine"}})
		require.True(t, up.Created)
		up.Row.Title = "neuf"
		up = replyTo[nodes.UpsertReply[note]](t, n, nodes.UpsertRequest[note, int64]{
			Row: up.Row, Options: []nodes.UpsertOption{nodes.DoNothing()},
		})
		require.False(t, up.Created)
		require.Equal(t, "nine", replyTo[row](t, n, nodes.GetRequest[note, int64]{Key: 9}).Row.Title)

		require.Equal(t, done{}, replyTo[done](t, n, nodes.DeleteRequest[note, int64]{Key: 9}))
		_, err = n.Serve(t.Context(), nodes.GetRequest[note, int64]{Key: 9})
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.Equal(t, int64(9), replyTo[row](t, n, nodes.GetRequest[note, int64]{Key: 9, Deleted: true}).Row.ID)
		require.Equal(t, many{1}, replyTo[many](t, n, nodes.CountRequest[note, int64]{}))
		require.Equal(t, many{2}, replyTo[many](t, n, nodes.CountRequest[note, int64]{Deleted: true}))
		require.Equal(t, done{}, replyTo[done](t, n, nodes.RestoreRequest[note, int64]{Key: 9}))
		require.Equal(t, done{}, replyTo[done](t, n, nodes.PurgeRequest[note, int64]{Key: 9}))
		require.Equal(t, 1, count(t, d.Writer(), "notes"))
	})
}

// Requests about many rows, and those that read.
func TestBulkRequests(t *testing.T) {
	type (
		stored = nodes.StoredReply[note]
		many   = nodes.CountReply
	)
	each(t, func(t *testing.T, d dialect.Dialect) {
		n := open[note, int64](t, d)
		rows := []note{{ID: 1, Title: "a"}, {ID: 2, Title: "b"}, {ID: 1, Title: "again"}}
		asked := nodes.BulkCreateRequest[note, int64]{Rows: rows}
		_, err := n.Serve(t.Context(), asked)
		require.ErrorIs(t, err, schema.ErrDuplicate)
		asked.PerRow = true
		made := replyTo[stored](t, n, asked)
		require.Equal(t, int64(2), made.Count)
		require.Equal(t, 2, made.Failed.Rows[0].Index)
		require.Equal(t, "nothing yet", made.Rows[1].Body)
		require.Empty(t, rows[1].Body)

		all := replyTo[nodes.RowsReply[note]](t, n, nodes.ListRequest[note, int64]{}).Rows
		all[0].Body = "x"
		require.Equal(t, int64(2), replyTo[stored](t, n, nodes.BulkUpdateRowsRequest[note, int64]{Rows: all}).Count)
		again := nodes.BulkUpdateRowsRequest[note, int64]{Rows: all, PerRow: true}
		require.Equal(t, 2, replyTo[stored](t, n, again).Failed.Total)
		up := replyTo[nodes.BulkUpsertReply[note]](t, n, nodes.BulkUpsertRequest[note, int64]{
			Rows: []note{{ID: 2, Title: "b"}, {ID: 3, Title: "c"}}, PerRow: true,
			Options: []nodes.UpsertOption{nodes.DoNothing()},
		})
		require.Equal(t, nodes.BulkResult{Inserted: 1, Skipped: 1}, up.Result)
		require.Nil(t, up.Failed)

		q := nodes.Query{Where: nodes.Ge("id", 2)}
		set := nodes.BulkUpdateRequest[note, int64]{Query: q, Set: nodes.Set{"stars": 5}}
		require.Equal(t, many{2}, replyTo[many](t, n, set))
		require.Equal(t, "a", replyTo[nodes.RowReply[note]](t, n, nodes.FirstRequest[note, int64]{}).Row.Title)
		page := replyTo[nodes.Page[note]](t, n, nodes.PageRequest[note, int64]{Query: nodes.Query{Limit: 2}})
		require.Len(t, page.Rows, 2)
		require.NotEmpty(t, page.Next)
		require.Equal(t, nodes.ExistsReply{Exists: true},
			replyTo[nodes.ExistsReply](t, n, nodes.ExistsRequest[note, int64]{Query: q}))
		groups := replyTo[[]nodes.Group](t, n, nodes.AggregateRequest[note, int64]{
			By: []string{"stars"}, Terms: []nodes.Term{nodes.CountRows().As("n")},
		})
		require.Equal(t, []nodes.Group{{"stars": int64(3), "n": int64(1)}, {"stars": int64(5), "n": int64(2)}}, groups)
		require.Equal(t, many{2}, replyTo[many](t, n, nodes.BulkDeleteRequest[note, int64]{Query: q}))
		require.Equal(t, many{3}, replyTo[many](t, n, nodes.BulkPurgeRequest[note, int64]{Query: nodes.AllRows()}))
		require.Zero(t, count(t, d.Writer(), "notes"))
	})
}

// What is no request to the node is refused by name, and nothing is sent.
func TestForeignMessages(t *testing.T) {
	n := open[note, int64](t, nodetest.SQLite(t))
	for _, message := range []any{
		nil, "get",
		struct{}{},
		nodes.GetRequest[note, int32]{},
		nodes.CreateRequest[person, int64]{},
		errors.New("no"),
		(*nodes.GetRequest[note, int64])(nil),
	} {
		reply, err := n.Serve(t.Context(), message)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "notes")
		require.Nil(t, reply)
	}
}

// There is a request for each method that asks the database.
func TestEveryMethodHasARequest(t *testing.T) {
	var methods, requests []string
	node := reflect.TypeFor[*nodes.Node[note, int64]]()
	for i := range node.NumMethod() {
		m := node.Method(i)
		asks := m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]()
		if asks && !slices.Contains([]string{"All", "BulkCreateSeq", "Serve"}, m.Name) {
			methods = append(methods, m.Name)
		}
	}
	files, err := filepath.Glob("message*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if method, ok := strings.CutSuffix(spec.Name.Name, "Request"); ok {
					requests = append(requests, method)
				}
			}
			return true
		})
	}
	require.ElementsMatch(t, methods, requests)
}
