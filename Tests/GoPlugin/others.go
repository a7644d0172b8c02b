package main

import (
	"context"

	"example.com/goplugin/generated"
	v1 "example.com/goplugin/v1"
)

// deleteAction cleans up when a backup is deleted.
type deleteAction interface {
	appliesTo() *generated.ResourceSelector
	execute(item, backup object) error
}

type deleteActions struct{}

func (deleteActions) AppliesTo(
	_ context.Context, request *generated.DeleteItemActionAppliesToRequest,
) (answer *generated.DeleteItemActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := deletion.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.DeleteItemActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (deleteActions) Execute(
	_ context.Context, request *generated.DeleteItemActionExecuteRequest,
) (answer *generated.Empty, err error) {
	defer tell(&err)
	action, err := deletion.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, run, err := parseBoth(request.Item, request.Backup)
	if err != nil {
		return nil, err
	}
	return &generated.Empty{}, action.execute(item, run)
}

// forget logs what it is shown.
type forget struct{}

func (forget) appliesTo() *generated.ResourceSelector { return resources("configmaps") }

func (forget) execute(item, backup object) error {
	logger.Info("forgotten", "item", item.metadata("name"), "backup", backup.metadata("name"))
	return nil
}

// itemBlockAction names the items that belong together.
type itemBlockAction interface {
	appliesTo() *generated.ResourceSelector
	relatedItems(item object) []*generated.ResourceIdentifier
}

type itemBlockActions struct{}

func (itemBlockActions) AppliesTo(
	_ context.Context, request *v1.ItemBlockActionAppliesToRequest,
) (answer *v1.ItemBlockActionAppliesToResponse, err error) {
	defer tell(&err)
	action, err := itemBlocks.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &v1.ItemBlockActionAppliesToResponse{ResourceSelector: action.appliesTo()}, nil
}

func (itemBlockActions) GetRelatedItems(
	_ context.Context, request *v1.ItemBlockActionGetRelatedItemsRequest,
) (answer *v1.ItemBlockActionGetRelatedItemsResponse, err error) {
	defer tell(&err)
	action, err := itemBlocks.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	item, err := parse(request.Item)
	if err != nil {
		return nil, err
	}
	return &v1.ItemBlockActionGetRelatedItemsResponse{RelatedItems: action.relatedItems(item)}, nil
}

// together keeps pods with their companions. It is for pods only: backups warn where an item block action applies.
type together struct{}

func (together) appliesTo() *generated.ResourceSelector { return resources("pods") }

func (together) relatedItems(item object) []*generated.ResourceIdentifier { return item.companions() }
