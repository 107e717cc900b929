package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// parseAllow reads one --allow: hazard, hazard:table or hazard:table.column.
func parseAllow(text, reason string) (schema.Allowance, error) {
	hazard, where, narrowed := strings.Cut(text, ":")
	a := schema.Allowance{Hazard: schema.HazardKind(hazard), Reason: reason}
	fault := func(format string, args ...any) (schema.Allowance, error) {
		return a, fmt.Errorf("%w: --allow %s: %s", errUsage, text, fmt.Sprintf(format, args...))
	}
	if !slices.Contains(schema.HazardKinds(), a.Hazard) {
		var names []string
		for _, kind := range schema.HazardKinds() {
			names = append(names, string(kind))
		}
		return fault("unknown hazard %q: there are %s", hazard, enumerate(names))
	}
	if !narrowed {
		return a, nil
	}
	var hasColumn bool
	a.Table, a.Column, hasColumn = strings.Cut(where, ".")
	switch {
	case !slices.Contains(shopTables(), a.Table):
		return fault("unknown table %q: the shop has %s", a.Table, enumerate(shopTables()))
	case hasColumn && a.Column == "":
		return fault("no column behind the dot")
	}
	return a, nil
}

// parsePolicy reads all of them.
func parsePolicy(allow []string, reason string) (schema.Policy, error) {
	var policy schema.Policy
	for _, text := range allow {
		a, err := parseAllow(text, reason)
		if err != nil {
			return schema.Policy{}, err
		}
		policy.Allow = append(policy.Allow, a)
	}
	return policy, nil
}

// refusal is one hazard that nobody has allowed.
type refusal struct {
	Table  string        `json:"table"`
	Hazard schema.Hazard `json:"hazard"`
	Allow  string        `json:"allow"` // what --allow would take
}

// refusals are the hazards of all plans that a policy does not allow.
func refusals(plans []*schema.Plan, policy schema.Policy) []refusal {
	out := []refusal{}
	for _, plan := range plans {
		for _, h := range plan.Refused(policy) {
			r := refusal{Table: plan.Table.Name, Hazard: h, Allow: string(h.Kind) + ":" + plan.Table.Name}
			if len(h.Columns) > 0 {
				r.Allow += "." + h.Columns[0]
			}
			out = append(out, r)
		}
	}
	return out
}

// leftover is something in a table that the version does not know of, and that stays unless its removal is allowed.
type leftover struct {
	Table string `json:"table"`
	What  string `json:"what"`
	Allow string `json:"allow"`
}

// leftovers are what the plans leave alone.
func leftovers(plans []*schema.Plan, policy schema.Policy) []leftover {
	drops := map[schema.ChangeKind]schema.HazardKind{
		schema.ExtraColumn: schema.HazardDropColumn, schema.ExtraIndex: schema.HazardDropIndex,
		schema.ExtraUnique: schema.HazardDropUnique, schema.ExtraForeignKey: schema.HazardDropForeignKey,
		schema.ExtraCheck: schema.HazardDropCheck,
	}
	out := []leftover{}
	for _, plan := range plans {
		for _, change := range plan.Changes {
			drop, known := drops[change.Kind]
			if !known || !change.Harmless || goesAlong(change, plan.Changes) {
				continue
			}
			hazard := schema.Hazard{Kind: drop}
			allow := string(drop) + ":" + plan.Table.Name
			if change.Kind == schema.ExtraColumn {
				hazard.Columns = []string{change.Object}
				allow += "." + change.Object
			}
			planned := slices.ContainsFunc(plan.Hazards(), func(h schema.Hazard) bool { return h.Kind == drop })
			if _, allowed := policy.Allows(hazard, plan.Table); allowed || planned && change.Kind != schema.ExtraColumn {
				continue
			}
			out = append(out, leftover{Table: plan.Table.Name, What: change.String(), Allow: allow})
		}
	}
	return out
}

// goesAlong reports whether a check that the model does not know is about a column that it does not know either: it
// goes with it.
func goesAlong(change schema.Change, all []schema.Change) bool {
	return change.Kind == schema.ExtraCheck && slices.ContainsFunc(all, func(c schema.Change) bool {
		return c.Kind == schema.ExtraColumn && schema.Mentions(change.Object, c.Object)
	})
}

// enumerate joins names for people.
func enumerate(names []string) string { return strings.Join(names, ", ") }
