package main

import (
	"context"

	"example.com/goplugin/generated"
	v2 "example.com/goplugin/v2"
	"github.com/golang/protobuf/ptypes/empty"
)

// backupActionV2 may begin operations.
type backupActionV2 interface {
	appliesTo() *generated.ResourceSelector
	execute(item, backup object) (*v2.ExecuteResponse, error)
	progress(operation string) (*generated.OperationProgress, error)
	cancel(operation string) error
}

type backupActionsV2 struct{}

func (backupActionsV2) AppliesTo(
	_ context.Context, request *v2.BackupItemActionAppliesToRequest,
) (answer *v2.BackupItemActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := backupV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &v2.BackupItemActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (backupActionsV2) Execute(
	_ context.Context, request *v2.ExecuteRequest,
) (answer *v2.ExecuteResponse, err error) {
	defer tell(&err)
	action, err := backupV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, run, err := parseBoth(request.Item, request.Backup)
	if err != nil {
		return nil, err
	}
	return action.execute(item, run)
}

func (backupActionsV2) Progress(
	_ context.Context, request *v2.BackupItemActionProgressRequest,
) (answer *v2.BackupItemActionProgressResponse, err error) {
	defer tell(&err)
	action, err := backupV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	progress, err := action.progress(request.OperationID)
	if err != nil {
		return nil, err
	}
	return &v2.BackupItemActionProgressResponse{Progress: progress}, nil
}

func (backupActionsV2) Cancel(
	_ context.Context, request *v2.BackupItemActionCancelRequest,
) (answer *empty.Empty, err error) {
	defer tell(&err)
	action, err := backupV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &empty.Empty{}, action.cancel(request.OperationID)
}

// copyVolume begins an operation for each claim.
type copyVolume struct{ *operations }

func (copyVolume) appliesTo() *generated.ResourceSelector { return resources("persistentvolumeclaims") }

func (c copyVolume) execute(item, backup object) (*v2.ExecuteResponse, error) {
	id := c.begin(item)
	item.annotate("example.com/go-copy", backup.metadata("name"))
	text, err := c.answer(item)
	if err != nil {
		return nil, err
	}
	return &v2.ExecuteResponse{
		Item: text, OperationID: id, AdditionalItems: item.companions(), PostOperationItems: item.companions(),
	}, nil
}
