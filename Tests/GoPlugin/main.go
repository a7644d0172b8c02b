// A program with one plugin of each kind, written as those for Velero are: in Go, over go-plugin and Go's gRPC. It knows
// nothing of Godwit. The tests put it into a plugin directory as it is.
package main

import (
	"context"
	"flag"
	"os"

	"example.com/goplugin/generated"
	v1 "example.com/goplugin/v1"
	v2 "example.com/goplugin/v2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// What the program offers, by kind and name. One gRPC service serves all plugins of a kind; requests name the plugin.
var (
	backup     = handlers[backupAction]{"example.com/go-mark": mark{}, "example.com/go-refuse": refuse{}}
	backupV2   = handlers[backupActionV2]{"example.com/go-copy": copyVolume{newOperations()}}
	restore    = handlers[restoreAction]{"example.com/go-suspend": suspend{}}
	restoreV2  = handlers[restoreActionV2]{"example.com/go-settle": newSettle()}
	deletion   = handlers[deleteAction]{"example.com/go-forget": forget{}}
	itemBlocks = handlers[itemBlockAction]{"example.com/go-together": together{}}
	stores     = handlers[objectStore]{"example.com/go-shelf": &shelf{}}
	snapshots  = handlers[snapshotter]{"example.com/go-vault": &vault{}}
)

// Everything goes to standard error as lines of JSON. go-plugin replaces os.Stderr when it serves, so it is taken before.
var logger = hclog.New(&hclog.LoggerOptions{Name: "go-plugin", Output: os.Stderr, JSONFormat: true})

func main() {
	level := flag.String("log-level", "info", "the least level that is logged")
	features := flag.String("features", "", "feature flags, with commas between them")
	flag.Parse()
	if *level == "warning" {
		*level = "warn"
	}
	logger.SetLevel(hclog.LevelFromString(*level))
	logger.Debug("starting", "features", *features)

	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: 2, MagicCookieKey: "VELERO_PLUGIN", MagicCookieValue: "hello",
		},
		Plugins: map[string]plugin.Plugin{
			"PluginLister": service{register: func(s *grpc.Server) { generated.RegisterPluginListerServer(s, lister{}) }},
			"BackupItemAction": service{register: func(s *grpc.Server) {
				generated.RegisterBackupItemActionServer(s, backupActions{})
			}},
			"BackupItemActionV2": service{register: func(s *grpc.Server) {
				v2.RegisterBackupItemActionServer(s, backupActionsV2{})
			}},
			"RestoreItemAction": service{register: func(s *grpc.Server) {
				generated.RegisterRestoreItemActionServer(s, restoreActions{})
			}},
			"RestoreItemActionV2": service{register: func(s *grpc.Server) {
				v2.RegisterRestoreItemActionServer(s, restoreActionsV2{})
			}},
			"DeleteItemAction": service{register: func(s *grpc.Server) {
				generated.RegisterDeleteItemActionServer(s, deleteActions{})
			}},
			"ItemBlockAction": service{register: func(s *grpc.Server) {
				v1.RegisterItemBlockActionServer(s, itemBlockActions{})
			}},
			"ObjectStore": service{register: func(s *grpc.Server) {
				generated.RegisterObjectStoreServer(s, &objectStores{})
			}},
			"VolumeSnapshotter": service{register: func(s *grpc.Server) {
				generated.RegisterVolumeSnapshotterServer(s, snapshotters{})
			}},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     logger,
	})
}

// service is what go-plugin calls a plugin: one gRPC service.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	register func(*grpc.Server)
}

func (s service) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	s.register(server)
	return nil
}

func (s service) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (interface{}, error) {
	return nil, fail("this program is no host")
}

// handlers are the plugins of a kind by name.
type handlers[Handler any] map[string]Handler

func (h handlers[Handler]) named(name string) (Handler, error) {
	handler, found := h[name]
	if !found {
		return handler, fail("there is no plugin %q of this kind", name)
	}
	return handler, nil
}

func list[Handler any](kind string, h handlers[Handler]) []*generated.PluginIdentifier {
	var plugins []*generated.PluginIdentifier
	for name := range h {
		plugins = append(plugins, &generated.PluginIdentifier{Command: os.Args[0], Kind: kind, Name: name})
	}
	return plugins
}

type lister struct{}

func (lister) ListPlugins(context.Context, *generated.Empty) (*generated.ListPluginsResponse, error) {
	all := list("BackupItemAction", backup)
	all = append(all, list("BackupItemActionV2", backupV2)...)
	all = append(all, list("RestoreItemAction", restore)...)
	all = append(all, list("RestoreItemActionV2", restoreV2)...)
	all = append(all, list("DeleteItemAction", deletion)...)
	all = append(all, list("ItemBlockAction", itemBlocks)...)
	all = append(all, list("ObjectStore", stores)...)
	all = append(all, list("VolumeSnapshotter", snapshots)...)
	return &generated.ListPluginsResponse{Plugins: all}, nil
}
