package schema_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/schema"
)

type Order struct {
	ID       int64     `schema:"pk,auto"`
	UserID   int64     `schema:"references=users.id,ondelete=cascade,index=by_user"`
	PlacedAt time.Time `schema:"created,index=by_user"`
	Total    string    `schema:"type=decimal,precision=12,scale=2,check=total >= 0"`
	Note     *string   `schema:"size=2000"`
}

func ExampleTableOf() {
	table, err := schema.TableOf[Order](schema.InNamespace("shop"), schema.WithUnique("user_id", "placed_at", "total"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(table)
	for _, c := range table.Columns() {
		fmt.Println(c.Name, c.Kind, c.Nullable)
	}
	for _, ix := range table.Indexes() {
		fmt.Println(schema.IndexName(table.Ref(), ix))
	}
	// Output:
	// shop.orders
	// id int64 false
	// user_id int64 false
	// placed_at time false
	// total decimal false
	// note string true
	// orders__user_id__placed_at_ix
	// orders__user_id__placed_at__total_uq
}

// Every fault is reported at once, each with type, field and tag.
func ExampleTagError() {
	type Account struct {
		ID      *int64 `schema:"pk"`
		Email   string `schema:"uniqe"`
		Balance string `schema:"type=decimal,scale=2"`
	}
	_, err := schema.TableOf[Account]()
	fmt.Println(err)
	var first *schema.TagError
	fmt.Println(errors.As(err, &first), first.Field, errors.Is(err, schema.ErrInvalid))
	// Output:
	// schema_test.Account.ID `schema:"pk"`: a key cannot be null
	// schema_test.Account.Email `schema:"uniqe"`: option "uniqe": unknown option
	// schema_test.Account.Balance `schema:"type=decimal,scale=2"`: a decimal needs a precision from 1 to 38 and a scale from 0 to the precision
	// true ID true
}

func ExampleGroups() {
	type User struct {
		ID   int64  `schema:"pk"`
		Boss *int64 `schema:"references=users.id"`
	}
	type Item struct {
		ID    int64 `schema:"pk"`
		Order int64 `schema:"references=orders.id"`
	}
	var tables []*schema.Table
	for _, make := range []func(...schema.TableOption) (*schema.Table, error){
		schema.TableOf[Item], schema.TableOf[Order], schema.TableOf[User],
	} {
		table, err := make()
		if err != nil {
			fmt.Println(err)
			return
		}
		tables = append(tables, table)
	}
	for _, group := range schema.Groups(tables) {
		fmt.Println(group)
	}
	// Output:
	// [users]
	// [orders]
	// [items]
}
