package main

import (
	"context"

	"example.com/goplugin/generated"
)

// snapshotter takes snapshots of volumes.
type snapshotter interface {
	open(config map[string]string) error
	volumeID(persistentVolume object) string
	setVolumeID(persistentVolume object, volume string) error
	volumeType(volume string) (string, error)
	createSnapshot(volume string, tags map[string]string) (string, error)
	createVolume(snapshot string) (string, error)
	deleteSnapshot(snapshot string) error
}

type snapshotters struct{}

func (snapshotters) Init(
	_ context.Context, request *generated.VolumeSnapshotterInitRequest,
) (answer *generated.Empty, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.Empty{}, plugin.open(request.Config)
}

func (snapshotters) GetVolumeID(
	_ context.Context, request *generated.GetVolumeIDRequest,
) (answer *generated.GetVolumeIDResponse, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	volume, err := parse(request.PersistentVolume)
	if err != nil {
		return nil, err
	}
	return &generated.GetVolumeIDResponse{VolumeID: plugin.volumeID(volume)}, nil
}

func (snapshotters) SetVolumeID(
	_ context.Context, request *generated.SetVolumeIDRequest,
) (answer *generated.SetVolumeIDResponse, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	volume, err := parse(request.PersistentVolume)
	if err != nil {
		return nil, err
	}
	if err := plugin.setVolumeID(volume, request.VolumeID); err != nil {
		return nil, err
	}
	text, err := volume.text()
	return &generated.SetVolumeIDResponse{PersistentVolume: text}, err
}

func (snapshotters) GetVolumeInfo(
	_ context.Context, request *generated.GetVolumeInfoRequest,
) (answer *generated.GetVolumeInfoResponse, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	volumeType, err := plugin.volumeType(request.VolumeID)
	return &generated.GetVolumeInfoResponse{VolumeType: volumeType}, err
}

func (snapshotters) CreateSnapshot(
	_ context.Context, request *generated.CreateSnapshotRequest,
) (answer *generated.CreateSnapshotResponse, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	id, err := plugin.createSnapshot(request.VolumeID, request.Tags)
	return &generated.CreateSnapshotResponse{SnapshotID: id}, err
}

func (snapshotters) CreateVolumeFromSnapshot(
	_ context.Context, request *generated.CreateVolumeRequest,
) (answer *generated.CreateVolumeResponse, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	id, err := plugin.createVolume(request.SnapshotID)
	return &generated.CreateVolumeResponse{VolumeID: id}, err
}

func (snapshotters) DeleteSnapshot(
	_ context.Context, request *generated.DeleteSnapshotRequest,
) (answer *generated.Empty, err error) {
	defer tell(&err)
	plugin, err := snapshots.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.Empty{}, plugin.deleteSnapshot(request.SnapshotID)
}
