package schema

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTee goes over Listener's fields by reflection, so that one added later cannot be forgotten.
func TestTee(t *testing.T) {
	var heard []string
	recorder := func(who string) *Listener {
		l := &Listener{}
		v := reflect.ValueOf(l).Elem()
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			v.Field(i).Set(reflect.ValueOf(func(e Event) { heard = append(heard, who+" "+name+" "+e.SQL) }))
		}
		return l
	}
	both := reflect.ValueOf(Tee(recorder("first"), nil, &Listener{}, recorder("second"))).Elem()
	for i := range both.NumField() {
		name := both.Type().Field(i).Name
		heard = nil
		both.Field(i).Interface().(func(Event))(Event{SQL: "x"})
		require.Equal(t, []string{"first " + name + " x", "second " + name + " x"}, heard)
	}
}

func TestTeeOfNothingHasNoCallbacks(t *testing.T) {
	require.Equal(t, &Listener{}, Tee())
	require.Equal(t, &Listener{}, Tee(nil, &Listener{}), "nil callbacks cost their caller nothing")
	only := Tee(&Listener{Ready: func(Event) {}})
	require.NotNil(t, only.Ready)
	require.Nil(t, only.Failed)
}
