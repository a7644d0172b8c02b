package main

import (
	"context"

	"example.com/goplugin/generated"
)

// restoreAction looks at items on their way into a cluster.
type restoreAction interface {
	appliesTo() *generated.ResourceSelector
	execute(item, fromBackup, restore object) (*generated.RestoreItemActionExecuteResponse, error)
}

type restoreActions struct{}

func (restoreActions) AppliesTo(
	_ context.Context, request *generated.RestoreItemActionAppliesToRequest,
) (answer *generated.RestoreItemActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := restore.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.RestoreItemActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (restoreActions) Execute(
	_ context.Context, request *generated.RestoreItemActionExecuteRequest,
) (answer *generated.RestoreItemActionExecuteResponse, err error) {
	defer tell(&err)
	action, err := restore.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, run, err := parseBoth(request.Item, request.Restore)
	if err != nil {
		return nil, err
	}
	fromBackup, err := parse(request.ItemFromBackup)
	if err != nil {
		return nil, err
	}
	return action.execute(item, fromBackup, run)
}

// suspend restores CronJobs suspended, and leaves out those that their annotation says are over.
type suspend struct{}

func (suspend) appliesTo() *generated.ResourceSelector { return resources("cronjobs.batch") }

func (suspend) execute(item, fromBackup, restore object) (*generated.RestoreItemActionExecuteResponse, error) {
	if fromBackup.annotation("example.com/over") != "" {
		return &generated.RestoreItemActionExecuteResponse{SkipRestore: true}, nil
	}
	item.child("spec")["suspend"] = true
	item.annotate("example.com/go-suspend", restore.child("spec")["backupName"].(string))
	text, err := item.text()
	if err != nil {
		return nil, err
	}
	return &generated.RestoreItemActionExecuteResponse{Item: text}, nil
}
