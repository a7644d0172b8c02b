package main

import (
	"context"
	"io"

	"example.com/goplugin/generated"
)

// pieceSize is how much of an object goes into one message: Velero's own size.
const pieceSize = 16 << 10

// objectStore keeps objects.
type objectStore interface {
	open(config map[string]string) error
	put(bucket, key string, body io.Reader) error
	exists(bucket, key string) (bool, error)
	get(bucket, key string) (io.ReadCloser, error)
	keys(bucket, prefix string) ([]string, error)
	commonPrefixes(bucket, prefix, delimiter string) ([]string, error)
	delete(bucket, key string) error
}

// objectStores serves no signed URLs: a store of files has none.
type objectStores struct {
	generated.UnimplementedObjectStoreServer
}

func (objectStores) Init(
	_ context.Context, request *generated.ObjectStoreInitRequest,
) (answer *generated.Empty, err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.Empty{}, store.open(request.Config)
}

func (objectStores) PutObject(stream generated.ObjectStore_PutObjectServer) (err error) {
	defer tell(&err)
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	store, err := stores.named(first.Plugin)
	if err != nil {
		return err
	}
	if err := store.put(first.Bucket, first.Key, &received{stream: stream, rest: first.Body}); err != nil {
		return err
	}
	return stream.SendAndClose(&generated.Empty{})
}

// received is the body of a put. A stream that the host broke off is an error, not its end.
type received struct {
	stream generated.ObjectStore_PutObjectServer
	rest   []byte
}

func (r *received) Read(buffer []byte) (int, error) {
	for len(r.rest) == 0 {
		next, err := r.stream.Recv()
		if err != nil {
			return 0, err
		}
		r.rest = next.Body
	}
	count := copy(buffer, r.rest)
	r.rest = r.rest[count:]
	return count, nil
}

func (objectStores) ObjectExists(
	_ context.Context, request *generated.ObjectExistsRequest,
) (answer *generated.ObjectExistsResponse, err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	exists, err := store.exists(request.Bucket, request.Key)
	return &generated.ObjectExistsResponse{Exists: exists}, err
}

func (objectStores) GetObject(
	request *generated.GetObjectRequest, stream generated.ObjectStore_GetObjectServer,
) (err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return err
	}
	body, err := store.get(request.Bucket, request.Key)
	if err != nil {
		return err
	}
	defer body.Close()
	piece := make([]byte, pieceSize)
	for {
		count, err := body.Read(piece)
		if count > 0 {
			if err := stream.Send(&generated.Bytes{Data: piece[:count]}); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (objectStores) ListObjects(
	_ context.Context, request *generated.ListObjectsRequest,
) (answer *generated.ListObjectsResponse, err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	keys, err := store.keys(request.Bucket, request.Prefix)
	return &generated.ListObjectsResponse{Keys: keys}, err
}

func (objectStores) ListCommonPrefixes(
	_ context.Context, request *generated.ListCommonPrefixesRequest,
) (answer *generated.ListCommonPrefixesResponse, err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	prefixes, err := store.commonPrefixes(request.Bucket, request.Prefix, request.Delimiter)
	return &generated.ListCommonPrefixesResponse{Prefixes: prefixes}, err
}

func (objectStores) DeleteObject(
	_ context.Context, request *generated.DeleteObjectRequest,
) (answer *generated.Empty, err error) {
	defer tell(&err)
	store, err := stores.named(request.Plugin)
	if err != nil {
		return nil, err
	}
	return &generated.Empty{}, store.delete(request.Bucket, request.Key)
}
