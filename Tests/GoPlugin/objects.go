package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"example.com/goplugin/generated"
)

// object is a Kubernetes object.
type object map[string]any

func parse(text []byte) (object, error) {
	var o object
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a float64 would not hold all integers
	if err := decoder.Decode(&o); err != nil {
		return nil, fail("this is no object: %v", err)
	}
	return o, nil
}

func (o object) text() ([]byte, error) { return json.Marshal(o) }

// child is the member of that name, made if there is none.
func (o object) child(name string) object {
	if known, ok := o[name].(map[string]any); ok {
		return known
	}
	made := map[string]any{}
	o[name] = made
	return made
}

func (o object) metadata(name string) string {
	value, _ := o.child("metadata")[name].(string)
	return value
}

func (o object) annotation(name string) string {
	value, _ := o.child("metadata").child("annotations")[name].(string)
	return value
}

func (o object) annotate(name, value string) { o.child("metadata").child("annotations")[name] = value }

// companions are the ConfigMaps that an annotation names, in the object's own namespace.
func (o object) companions() []*generated.ResourceIdentifier {
	var items []*generated.ResourceIdentifier
	for _, name := range strings.Fields(o.annotation("example.com/with")) {
		items = append(items, &generated.ResourceIdentifier{
			Resource: "configmaps", Namespace: o.metadata("namespace"), Name: name,
		})
	}
	return items
}

func resources(names ...string) *generated.ResourceSelector {
	return &generated.ResourceSelector{IncludedResources: names}
}
