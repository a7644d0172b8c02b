package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// vault takes snapshots of the directories below `root`, as copies below `root`/.snapshots: the files in `files`, the
// tags in `tags.json`.
type vault struct{ root string }

func (v *vault) open(config map[string]string) error {
	if !filepath.IsAbs(config["root"]) {
		return fail("root must name a directory")
	}
	v.root = config["root"]
	return nil
}

func (v *vault) volumeID(persistentVolume object) string {
	path, _ := persistentVolume.child("spec").child("hostPath")["path"].(string)
	if below, err := filepath.Rel(v.root, path); err == nil && plain.MatchString(below) {
		return below
	}
	return ""
}

func (v *vault) setVolumeID(persistentVolume object, volume string) error {
	path, err := v.path(volume)
	if err != nil {
		return err
	}
	hostPath, isOurs := persistentVolume.child("spec")["hostPath"].(map[string]any)
	if !isOurs {
		return fail("%q is no hostPath volume", persistentVolume.metadata("name"))
	}
	hostPath["path"] = path
	return nil
}

func (v *vault) volumeType(volume string) (string, error) {
	_, err := v.existing(volume)
	return "directory", err
}

func (v *vault) createSnapshot(volume string, tags map[string]string) (string, error) {
	source, err := v.existing(volume)
	if err != nil {
		return "", err
	}
	id := newID("snapshot")
	text, err := json.Marshal(tags)
	if err != nil {
		return "", err
	}
	unfinished := filepath.Join(v.root, ".unfinished", id)
	if err := copyFiles(source, filepath.Join(unfinished, "files")); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(unfinished, "tags.json"), text, 0o600); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(v.root, ".snapshots"), 0o700); err != nil {
		return "", err
	}
	return id, os.Rename(unfinished, filepath.Join(v.root, ".snapshots", id))
}

func (v *vault) createVolume(snapshot string) (string, error) {
	source, err := v.existing(snapshot, ".snapshots")
	if err != nil {
		return "", err
	}
	id := newID("volume")
	return id, copyFiles(filepath.Join(source, "files"), filepath.Join(v.root, id))
}

func (v *vault) deleteSnapshot(snapshot string) error {
	path, err := v.path(snapshot, ".snapshots")
	if err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// An id comes from a backup, and must not lead out of the vault.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

func (v *vault) path(id string, folder ...string) (string, error) {
	if !plain.MatchString(id) {
		return "", missing("%q is no id", id)
	}
	return filepath.Join(append(append([]string{v.root}, folder...), id)...), nil
}

func (v *vault) existing(id string, folder ...string) (string, error) {
	path, err := v.path(id, folder...)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", missing("there is no %q: %v", id, err)
	}
	return path, nil
}

func newID(kind string) string {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return kind + "-" + hex.EncodeToString(random)
}

// copyFiles copies directories and plain files, which is all that the tests put there.
func copyFiles(source, target string) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(target, below), 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(target, below), text, 0o600)
	})
}
