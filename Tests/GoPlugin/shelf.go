package main

import (
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
)

// shelf keeps objects as files below a directory, `root`. A file's name is its object's key in base64, cut into folders
// because a name has 255 bytes at most: any key will do.
type shelf struct{ root string }

func (s *shelf) open(config map[string]string) error {
	if !filepath.IsAbs(config["root"]) {
		return fail("root must name a directory")
	}
	s.root = config["root"]
	return nil
}

const nameSize = 200

func (s *shelf) path(bucket, key string) string {
	path := filepath.Join(s.root, bucket)
	name := base64.RawURLEncoding.EncodeToString([]byte(key))
	for ; len(name) > nameSize; name = name[nameSize:] {
		path = filepath.Join(path, "d"+name[:nameSize])
	}
	return filepath.Join(path, "f"+name)
}

// key is that of a file, by its path below the bucket.
func key(path string) (string, error) {
	var name strings.Builder
	for _, part := range strings.Split(path, string(filepath.Separator)) {
		name.WriteString(part[1:])
	}
	text, err := base64.RawURLEncoding.DecodeString(name.String())
	return string(text), err
}

func (s *shelf) put(bucket, key string, body io.Reader) (err error) {
	path := s.path(bucket, key)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unfinished, err := os.CreateTemp(s.root, ".unfinished-")
	if err != nil {
		return err
	}
	defer func() {
		unfinished.Close()
		if err != nil {
			os.Remove(unfinished.Name())
		}
	}()
	if _, err := io.Copy(unfinished, body); err != nil {
		return err
	}
	if err := unfinished.Sync(); err != nil {
		return err
	}
	return os.Rename(unfinished.Name(), path)
}

func (s *shelf) exists(bucket, key string) (bool, error) {
	_, err := os.Stat(s.path(bucket, key))
	if isAbsent(err) {
		return false, nil
	}
	return err == nil, err
}

// get fails without a code where there is no object, as most plugins for Velero do.
func (s *shelf) get(bucket, key string) (io.ReadCloser, error) {
	file, err := os.Open(s.path(bucket, key))
	if isAbsent(err) {
		return nil, fail("no object %q", key)
	}
	return file, err
}

func (s *shelf) keys(bucket, prefix string) ([]string, error) {
	top := filepath.Join(s.root, bucket)
	var keys []string
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if isAbsent(err) {
				return nil
			}
			return err
		}
		below, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		found, err := key(below)
		if err == nil && strings.HasPrefix(found, prefix) {
			keys = append(keys, found)
		}
		return err
	})
	sort.Strings(keys)
	return keys, err
}

func (s *shelf) commonPrefixes(bucket, prefix, delimiter string) ([]string, error) {
	keys, err := s.keys(bucket, prefix)
	if err != nil {
		return nil, err
	}
	var prefixes []string
	for _, key := range keys {
		name, _, isCut := strings.Cut(key[len(prefix):], delimiter)
		common := prefix + name + delimiter
		if isCut && (len(prefixes) == 0 || prefixes[len(prefixes)-1] != common) {
			prefixes = append(prefixes, common)
		}
	}
	return prefixes, nil
}

func (s *shelf) delete(bucket, key string) error {
	err := os.Remove(s.path(bucket, key))
	if isAbsent(err) {
		return nil
	}
	return err
}

// isAbsent also where a file stands in the place of a folder.
func isAbsent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
