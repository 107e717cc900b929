package schema

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"ID": "id", "Name": "name", "UserID": "user_id", "HTTPServerID": "http_server_id", "UserIDs": "user_ids", "IDs": "ids",
		"URLsSeen": "urls_seen", "APISecret": "api_secret", "HTTPSPort": "https_port", "ThisIs": "this_is", "XMLHTTPRequest": "xmlhttp_request",
		"Sha256Sum": "sha256_sum", "A": "a", "AB": "ab", "ABc": "a_bc", "User_ID": "user_id", "ÄÖÜnder": "äö_ünder", "日本Name": "日本_name", "": "",
	} {
		require.Equal(t, want, snake(name), name)
	}
}

func TestTableName(t *testing.T) {
	for name, want := range map[string]string{
		"User": "users", "Person": "people", "HTTPServer": "http_servers", "UserAddress": "user_addresses", "OrderStatus": "order_statuses",
		"Category": "categories", "Sheep": "sheep", "PurchaseHistory": "purchase_histories", "": "",
	} {
		require.Equal(t, want, tableName(name), name)
	}
	type boxOf[T any] struct {
		ID T `schema:"pk"`
	}
	table, err := TableOf[boxOf[int64]]()
	require.NoError(t, err)
	require.Equal(t, "box_ofs", table.Ref().Name, "type arguments are no part of the name")
}

func TestFitName(t *testing.T) {
	require.Equal(t, "short", FitName("short", 63))
	require.Equal(t, "short", FitName("short", 5))
	require.Equal(t, "short", FitName("short", 0))
	// Fixed for ever: other processes and later releases must come to the same.
	require.Equal(t, "abcdefghijk_71c480df", FitName("abcdefghijklmnopqrstuvwxyz", 20))
	require.Equal(t, "äöü_5f25ecbe", FitName("äöüäöüäöüäöü", 16))
	require.Equal(t, "5f25ecbe"[:5], FitName("äöüäöüäöüäöü", 5), "no room but for digits")
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(1, -1, 200).Draw(t, "name")
		limit := rapid.IntRange(1, 64).Draw(t, "limit")
		fit := FitName(name, limit)
		require.LessOrEqual(t, len(fit), limit)
		require.NotEmpty(t, fit)
		require.True(t, utf8.ValidString(fit), "cut between runes")
		require.Equal(t, fit, FitName(fit, limit), "what fits stays")
		if limit >= 20 {
			require.NotEqual(t, fit, FitName(name+strings.Repeat("x", limit), limit), "names that begin alike stay apart")
		}
	})
}

func TestDerivedNames(t *testing.T) {
	users := Ref{"app", "users"}
	require.Equal(t, "users__email_uq", IndexName(users, Index{Columns: []string{"email"}, Unique: true}))
	require.Equal(t, "users__a__b_ix", IndexName(users, Index{Columns: []string{"a", "b"}}))
	require.Equal(t, "mine", IndexName(users, Index{Name: "mine", Columns: []string{"a"}}))
	require.Equal(t, "users__org__no_fk", ForeignKeyName(users, ForeignKey{Columns: []string{"org", "no"}}))
	require.Equal(t, "mine", ForeignKeyName(users, ForeignKey{Name: "mine"}))
	require.Equal(t, "users__a0c8af01_ck", CheckName(users, Check{Expr: "age >= 0"}))
	require.Equal(t, "mine", CheckName(users, Check{Name: "mine", Expr: "x"}))
}

func TestNamesThatWouldMeet(t *testing.T) {
	for _, pair := range [][2][]string{
		{{"t", "a_b", "c"}, {"t", "a", "b_c"}},
		{{"t", "a__b"}, {"t", "a", "b"}},
		{{"t", "a_", "b"}, {"t", "a", "_b"}},
		{{"t_", "a"}, {"t", "_a"}},
		{{"t", "_", "a"}, {"t", "", "_a"}},
	} {
		name := func(parts []string) string { return IndexName(Ref{Name: parts[0]}, Index{Columns: parts[1:]}) }
		require.NotEqual(t, name(pair[0]), name(pair[1]))
	}
	// Each of these alone makes a name ambiguous, and has a tail for it.
	for _, part := range []string{"a__b", "_a", "a_"} {
		require.Regexp(t, `_[0-9a-f]{8}_ix$`, IndexName(Ref{Name: "t"}, Index{Columns: []string{part}}), part)
	}
	require.Equal(t, "t__a_b__c_ix", IndexName(Ref{Name: "t"}, Index{Columns: []string{"a_b", "c"}}))
}

// TestDerivedNamesAreUnambiguous draws from few letters, so that parts which could be cut in two ways are common.
func TestDerivedNamesAreUnambiguous(t *testing.T) {
	parts := rapid.SliceOfN(rapid.StringMatching(`[ab_]{1,4}`), 2, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		if strings.Join(a, "\x00") == strings.Join(b, "\x00") {
			return
		}
		require.NotEqual(t, IndexName(Ref{Name: a[0]}, Index{Columns: a[1:]}), IndexName(Ref{Name: b[0]}, Index{Columns: b[1:]}))
	})
}
