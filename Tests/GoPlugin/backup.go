package main

import (
	"context"

	"example.com/goplugin/generated"
)

// backupAction looks at items on their way into a backup.
type backupAction interface {
	appliesTo() *generated.ResourceSelector
	execute(item, backup object) (object, []*generated.ResourceIdentifier, error)
}

type backupActions struct{}

func (backupActions) AppliesTo(
	_ context.Context, request *generated.BackupItemActionAppliesToRequest,
) (answer *generated.BackupItemActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := backup.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.BackupItemActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (backupActions) Execute(
	_ context.Context, request *generated.ExecuteRequest,
) (answer *generated.ExecuteResponse, err error) {
	defer tell(&err)
	action, err := backup.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, run, err := parseBoth(request.Item, request.Backup)
	if err != nil {
		return nil, err
	}
	changed, additional, err := action.execute(item, run)
	if err != nil {
		return nil, err
	}
	text, err := changed.text()
	if err != nil {
		return nil, err
	}
	return &generated.ExecuteResponse{Item: text, AdditionalItems: additional}, nil
}

// parseBoth reads an item, and the backup or restore that it belongs to.
func parseBoth(itemText, runText []byte) (item, run object, err error) {
	if item, err = parse(itemText); err != nil {
		return nil, nil, err
	}
	run, err = parse(runText)
	return item, run, err
}

// mark notes the backup on ConfigMaps, and names those that belong to them.
type mark struct{}

func (mark) appliesTo() *generated.ResourceSelector { return resources("configmaps") }

func (mark) execute(item, backup object) (object, []*generated.ResourceIdentifier, error) {
	item.annotate("example.com/go-mark", backup.metadata("name"))
	return item, item.companions(), nil
}

// refuse fails on ResourceQuotas, in the two ways in which Go's programs fail.
type refuse struct{}

func (refuse) appliesTo() *generated.ResourceSelector { return resources("resourcequotas") }

func (refuse) execute(item, _ object) (object, []*generated.ResourceIdentifier, error) {
	if item.metadata("name") == "panic" {
		var nothing object
		nothing["assigned"] = "to nothing"
	}
	return nil, nil, fail("no quota for %s", item.metadata("name"))
}
