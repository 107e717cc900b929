package nodes_test

import (
	"context"
	"fmt"
	"testing"
)

// calls are the ways of one row, and the two of some that take no page of code.
func calls() map[string]contest {
	return map[string]contest{
		"create": {fresh: true, call: func(ctx context.Context, by bare, p *person) error { return by.create(ctx, p) }},
		"get": {call: func(ctx context.Context, by bare, p *person) error {
			got, err := by.get(ctx, p.ID)
			if err == nil && got.Email != p.Email {
				err = errNoRow
			}
			return err
		}},
		"list": {call: func(ctx context.Context, by bare, _ *person) error {
			rows, err := by.list(ctx)
			if err == nil && len(rows) != 100 {
				err = fmt.Errorf("%d rows", len(rows))
			}
			return err
		}},
		"update": {call: func(ctx context.Context, by bare, p *person) error { return by.update(ctx, p) }},
		"patch": {writes: true, call: func(ctx context.Context, by bare, p *person) error {
			_, err := by.rename(ctx, p.ID, "somebody else")
			return err
		}},
		"delete": {gone: true, call: func(ctx context.Context, by bare, p *person) error { return by.remove(ctx, p.ID) }},
		"upsert": {call: func(ctx context.Context, by bare, p *person) error { return by.upsert(ctx, p) }},
		"count": {writes: true, call: func(ctx context.Context, by bare, _ *person) error {
			_, err := by.count(ctx, 7)
			return err
		}},
	}
}

func BenchmarkCreate(b *testing.B) { benchmark(b, calls()["create"]) }
func BenchmarkGet(b *testing.B)    { benchmark(b, calls()["get"]) }
func BenchmarkList(b *testing.B)   { benchmark(b, calls()["list"]) }
func BenchmarkUpdate(b *testing.B) { benchmark(b, calls()["update"]) }
func BenchmarkPatch(b *testing.B)  { benchmark(b, calls()["patch"]) }
func BenchmarkDelete(b *testing.B) { benchmark(b, calls()["delete"]) }
func BenchmarkUpsert(b *testing.B) { benchmark(b, calls()["upsert"]) }
func BenchmarkCount(b *testing.B)  { benchmark(b, calls()["count"]) }
