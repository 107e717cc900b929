package mysql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// reader takes the text of CREATE TABLE apart. Beside the table as it is compared it knows what a change has to know.
type reader struct {
	live      *schema.Live
	collation string            // the table's
	engine    string            // in capitals
	raw       map[string]string // the types of columns as they are
	required  map[string]string // the checks by which computed columns are not null
	implied   map[string]bool   // foreign keys for which the server has made an index
}

// read gives the table that SHOW CREATE TABLE describes.
func read(text string) *schema.Live { return readAll(text).live }

func readAll(text string) *reader {
	list := tokens(text)
	r := &reader{live: &schema.Live{}, raw: map[string]string{}, required: map[string]string{}, implied: map[string]bool{}}
	open := slices.IndexFunc(list, func(t token) bool { return !t.quoted && t.text == "(" })
	if open < 0 {
		return r
	}
	end := closing(list, open)
	r.options(list[end+1:])
	var checks [][]token
	for _, item := range parts(list[open+1 : end]) {
		switch {
		case len(item) == 0:
		case item[0].quoted:
			r.column(item)
		case item[0].word("CONSTRAINT") && len(item) > 3 && item[2].word("CHECK"):
			checks = append(checks, item)
		case item[0].word("CONSTRAINT"):
			r.foreignKey(item)
		case item[0].word("PRIMARY"):
			r.live.Key = names(item[2:])
		default:
			r.index(item)
		}
	}
	for _, item := range checks {
		r.check(item)
	}
	r.finish()
	return r
}

// options reads what stands behind the columns.
func (r *reader) options(list []token) {
	for i, t := range list {
		if t.word("PARTITION") {
			return // each of those has options of its own
		}
		if i+2 >= len(list) || list[i+1].text != "=" {
			continue
		}
		switch {
		case t.word("ENGINE"):
			r.engine = strings.ToUpper(list[i+2].text)
		case t.word("COLLATE"):
			r.collation = list[i+2].text
		case t.word("COMMENT"):
			r.live.Comment = list[i+2].value
		}
	}
}

// column reads a column: its name, its type, and what is said of it.
func (r *reader) column(list []token) {
	c := schema.LiveColumn{Name: list[0].name, Type: strings.ToLower(list[1].text)}
	i := 2
	if i < len(list) && list[i].text == "(" {
		end := closing(list, i)
		c.Type += "(" + strings.ReplaceAll(canonical(list[i+1:end]), " ", "") + ")"
		i = end + 1
	}
	textual, own, json := strings.HasSuffix(c.Type, "text") || strings.Contains(c.Type, "char(") || c.Type == "char", r.collation, false
	for ; i < len(list); i++ {
		t := list[i]
		switch {
		case t.word("unsigned"), t.word("zerofill"):
			c.Type += " " + t.text
		case t.word("COLLATE"):
			own = list[i+1].text
			i++
		case t.word("NOT"):
			c.NotNull = true
			i++
		case t.word("AUTO_INCREMENT"):
			c.Identity = true
		case t.word("COMMENT"):
			c.Comment = list[i+1].value
			i++
		case t.word("CHECK"):
			end := closing(list, i+1)
			if canonical(list[i+1:end+1]) == `json_valid ( `+list[0].text+` )` {
				json = true
			} else {
				r.live.Checks = append(r.live.Checks, schema.LiveCheck{Expr: canonical(list[i+1 : end+1])})
			}
			i = end
		case t.word("AS"):
			end := closing(list, i+1)
			c.Generated = canonical(list[i+1 : end+1])
			if end+1 < len(list) && list[end+1].word("VIRTUAL") {
				c.Generated += " virtual"
			}
			i = end
		case t.word("DEFAULT"), t.word("ON") && i+1 < len(list) && list[i+1].word("UPDATE"):
			i = r.deflt(&c, list, i)
		}
	}
	if json {
		c.Type = "json"
	} else if textual && own != collation {
		c.Collation = own
		c.Type += " collate " + own
	}
	r.live.Columns = append(r.live.Columns, c)
}

// deflt reads a default, or what a column becomes with each update, and gives where it ends.
func (r *reader) deflt(c *schema.LiveColumn, list []token, i int) int {
	head := ""
	if list[i].word("ON") {
		head = "on update "
		i++
	}
	from := i + 1
	end := from
	for end < len(list) && !slices.ContainsFunc([]string{"COMMENT", "CHECK", "ON", "AUTO_INCREMENT"}, list[end].word) {
		if list[end].text == "(" && !list[end].quoted {
			end = closing(list, end)
		}
		end++
	}
	expr := canonical(list[from:end])
	switch {
	case head != "":
		c.Default = strings.TrimSpace(c.Default + " " + head + expr)
	case !strings.EqualFold(expr, "NULL"):
		c.Default = expr
	}
	return end - 1
}

// index reads a secondary index.
func (r *reader) index(list []token) {
	ix := schema.LiveIndex{}
	kind := ""
	i := 0
	for ; i < len(list) && !list[i].quoted; i++ {
		switch {
		case list[i].word("UNIQUE"):
			ix.Unique = true
		case !list[i].word("KEY"):
			kind = strings.ToLower(list[i].text) + " " // FULLTEXT, SPATIAL
		}
	}
	if i+1 >= len(list) {
		return
	}
	ix.Name = list[i].name
	end := closing(list, i+1)
	columns := parts(list[i+2 : end])
	texts := make([]string, len(columns))
	for at, column := range columns {
		texts[at] = wholly.ReplaceAllString(canonical(column), "")
	}
	ix.Definition = kind + strings.Join(texts, ", ")
	for _, t := range list[end+1:] {
		if t.word("IGNORED") || t.word("HASH") {
			ix.Definition += " " + strings.ToLower(t.text)
		}
	}
	r.live.Indexes = append(r.live.Indexes, ix)
}

// wholly is how much of a long text an index holds at the most; it is no difference to one that holds all.
var wholly = regexp.MustCompile(fmt.Sprintf(` \( (?:%d|%d) \)`, keyText, keyBytes))

// foreignKey reads CONSTRAINT … FOREIGN KEY (…) REFERENCES … (…) and the actions.
func (r *reader) foreignKey(list []token) {
	if len(list) < 5 || !list[2].word("FOREIGN") {
		return
	}
	fk := schema.ForeignKey{Name: list[1].name, Columns: names(list[4:]), OnDelete: schema.Restrict, OnUpdate: schema.Restrict}
	at := closing(list, 4) + 2
	fk.References.Name = list[at].name
	if at+2 < len(list) && list[at+1].text == "." {
		fk.References.Namespace = list[at].name
		at += 2
		fk.References.Name = list[at].name
	}
	fk.RefColumns = names(list[at+1:])
	rest := list[closing(list, at+1)+1:]
	for i := 0; i+2 < len(rest); i++ {
		if !rest[i].word("ON") {
			continue
		}
		a := action(rest[i+2:])
		if rest[i+1].word("DELETE") {
			fk.OnDelete = a
		} else {
			fk.OnUpdate = a
		}
	}
	r.live.ForeignKeys = append(r.live.ForeignKeys, fk)
}

// action reads the words of an action, of which SHOW CREATE TABLE leaves RESTRICT out.
func action(list []token) schema.Action {
	switch {
	case list[0].word("CASCADE"):
		return schema.Cascade
	case list[0].word("NO"):
		return schema.NoAction
	case list[0].word("SET") && len(list) > 1 && list[1].word("NULL"):
		return schema.SetNull
	case list[0].word("SET"):
		return schema.SetDefault
	}
	return schema.Restrict
}

// check reads CONSTRAINT … CHECK (…). One that keeps a computed column from being null says so of the column instead.
func (r *reader) check(list []token) {
	expr := canonical(list[3:])
	for i := range r.live.Columns {
		c := &r.live.Columns[i]
		if c.Generated != "" && expr == quoteName(c.Name)+" is not null" {
			c.NotNull = true
			r.required[c.Name] = list[1].name
			return
		}
	}
	r.live.Checks = append(r.live.Checks, schema.LiveCheck{Name: list[1].name, Expr: expr})
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// finish leaves out what comes with something else, and puts all in the order that readers of a Live expect.
func (r *reader) finish() {
	live := r.live
	// The server makes an index for a foreign key that has none, under its name.
	live.Indexes = slices.DeleteFunc(live.Indexes, func(ix schema.LiveIndex) bool {
		implied := slices.ContainsFunc(live.ForeignKeys, func(fk schema.ForeignKey) bool {
			return !ix.Unique && ix.Name == fk.Name && ix.Definition == (Grammar{}).list(fk.Columns)
		})
		r.implied[ix.Name] = r.implied[ix.Name] || implied
		return implied
	})
	for i := range live.Columns {
		c := &live.Columns[i]
		c.NotNull = c.NotNull || slices.Contains(live.Key, c.Name)
		r.raw[c.Name], c.Type = c.Type, class(c.Type)
	}
	slices.SortStableFunc(live.Indexes, func(a, b schema.LiveIndex) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(live.ForeignKeys, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(live.Checks, func(a, b schema.LiveCheck) int { return strings.Compare(a.Expr, b.Expr) })
	if len(live.Checks) == 0 {
		live.Checks = nil
	}
}

// class gives a type by which columns are compared: texts of any length are one, whether they stand in a key or not.
func class(kind string) string {
	base, rest, _ := strings.Cut(kind, " ")
	if rest != "" {
		rest = " " + rest
	}
	switch base {
	case "varchar(254)":
		return "longtext" + rest
	case "varbinary(1016)":
		return "longblob" + rest
	case "bigint(20)", "smallint(6)", "int(11)": // a width for displays, which later versions have no more
		base, _, _ = strings.Cut(base, "(")
	}
	return base + rest
}

// names gives the names between the first brackets of a list.
func names(list []token) []string {
	var out []string
	open := slices.IndexFunc(list, func(t token) bool { return !t.quoted && t.text == "(" })
	if open < 0 {
		return nil
	}
	for _, t := range list[open+1 : closing(list, open)] {
		if t.quoted {
			out = append(out, t.name)
		}
	}
	return out
}
