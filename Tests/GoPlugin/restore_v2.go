package main

import (
	"context"
	"sync"
	"time"

	"example.com/goplugin/generated"
	v2 "example.com/goplugin/v2"
	"github.com/golang/protobuf/ptypes"
	"github.com/golang/protobuf/ptypes/empty"
)

// restoreActionV2 may begin operations, and wait for the items that it named.
type restoreActionV2 interface {
	appliesTo() *generated.ResourceSelector
	execute(item, restore object) (*v2.RestoreItemActionExecuteResponse, error)
	progress(operation string) (*generated.OperationProgress, error)
	cancel(operation string) error
	areReady(items []*generated.ResourceIdentifier) bool
}

type restoreActionsV2 struct{}

func (restoreActionsV2) AppliesTo(
	_ context.Context, request *v2.RestoreItemActionAppliesToRequest,
) (answer *v2.RestoreItemActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := restoreV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &v2.RestoreItemActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (restoreActionsV2) Execute(
	_ context.Context, request *v2.RestoreItemActionExecuteRequest,
) (answer *v2.RestoreItemActionExecuteResponse, err error) {
	defer tell(&err)
	action, err := restoreV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, run, err := parseBoth(request.Item, request.Restore)
	if err != nil {
		return nil, err
	}
	return action.execute(item, run)
}

func (restoreActionsV2) Progress(
	_ context.Context, request *v2.RestoreItemActionProgressRequest,
) (answer *v2.RestoreItemActionProgressResponse, err error) {
	defer tell(&err)
	action, err := restoreV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	progress, err := action.progress(request.OperationID)
	if err != nil {
		return nil, err
	}
	return &v2.RestoreItemActionProgressResponse{Progress: progress}, nil
}

func (restoreActionsV2) Cancel(
	_ context.Context, request *v2.RestoreItemActionCancelRequest,
) (answer *empty.Empty, err error) {
	defer tell(&err)
	action, err := restoreV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &empty.Empty{}, action.cancel(request.OperationID)
}

func (restoreActionsV2) AreAdditionalItemsReady(
	_ context.Context, request *v2.RestoreItemActionItemsReadyRequest,
) (answer *v2.RestoreItemActionItemsReadyResponse, err error) {
	defer tell(&err)
	action, err := restoreV2.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &v2.RestoreItemActionItemsReadyResponse{Ready: action.areReady(request.AdditionalItems)}, nil
}

// settle brings the companions of claims, waits until they are ready, and begins an operation for each claim.
type settle struct {
	*operations
	mutex sync.Mutex
	asked map[string]int
}

func newSettle() *settle { return &settle{operations: newOperations(), asked: map[string]int{}} }

func (*settle) appliesTo() *generated.ResourceSelector { return resources("persistentvolumeclaims") }

func (s *settle) execute(item, restore object) (*v2.RestoreItemActionExecuteResponse, error) {
	id := s.begin(item)
	item.annotate("example.com/go-settle", restore.metadata("name"))
	text, err := s.answer(item)
	if err != nil {
		return nil, err
	}
	companions := item.companions()
	return &v2.RestoreItemActionExecuteResponse{
		Item: text, OperationID: id, AdditionalItems: companions, WaitForAdditionalItems: len(companions) > 0,
		AdditionalItemsReadyTimeout: ptypes.DurationProto(time.Minute),
	}, nil
}

// areReady says so when it is asked for the second time.
func (s *settle) areReady(items []*generated.ResourceIdentifier) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	ready := true
	for _, item := range items {
		name := item.Namespace + "/" + item.Name
		s.asked[name]++
		ready = ready && s.asked[name] > 1
		logger.Info("asked for an item", "item", name, "times", s.asked[name])
	}
	return ready
}
