// A fleet of light xDS clients: each holds a stream to istiod as a sidecar's agent does (incremental ADS: clusters, listeners, and the
// extensions that the listeners name) and acknowledges what comes; there is no proxy behind it.
//
//	fleet ADDRESS COUNT FIRST-MARK
//
// An update has arrived when an extension has the mark, a text that is in no update before it. FIRST-MARK is that of what is there
// already; each line of standard input is the mark of the update that is made next. Prints a line of JSON for each: when it was with the
// first, the median and the last client, in nanoseconds since 1970, and what was sent to all meanwhile, by type of resource.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	manager "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	clusters   = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	listeners  = "type.googleapis.com/envoy.config.listener.v3.Listener"
	extensions = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"
	// A bound against hanging, never a measure.
	patience = 10 * time.Minute
	largest  = 64 << 20
)

// What was sent of one type.
type sent struct {
	Responses int `json:"responses"`
	Bytes     int `json:"bytes"`
}

// An update's way to all clients.
type update struct {
	First   int64           `json:"first"`
	Median  int64           `json:"median"`
	Last    int64           `json:"last"`
	Retries int             `json:"retries"`
	Sent    map[string]sent `json:"sent"`
}

// What the clients tell.
type fleet struct {
	address string
	mutex   sync.Mutex
	mark    []byte
	arrived map[int]int64
	count   int
	update  update
	wrong   error
	all     chan update
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: fleet ADDRESS COUNT FIRST-MARK")
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 || count > 65_000 {
		log.Fatalf("COUNT: %q is not a number from 1 to 65000", os.Args[2])
	}
	f := &fleet{address: os.Args[1], count: count, all: make(chan update, 1)}
	f.expect(os.Args[3])
	for number := range count {
		go f.keep(number)
	}
	f.print()
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		f.expect(input.Text())
		fmt.Println(`"ready"`)
		f.print()
	}
	if err := input.Err(); err != nil {
		log.Fatal(err)
	}
}

func (f *fleet) expect(mark string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.mark, f.arrived, f.update = []byte(mark), map[int]int64{}, update{Sent: map[string]sent{}}
}

func (f *fleet) print() {
	select {
	case done := <-f.all:
		line, err := json.Marshal(done)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	case <-time.After(patience):
		f.mutex.Lock()
		log.Fatalf("the update has come to %d of %d clients alone; the last error: %v", len(f.arrived), f.count, f.wrong)
	}
}

// Notes a response, and whether the client has the update with it.
func (f *fleet) note(number int, response *discovery.DeltaDiscoveryResponse) {
	now, size := time.Now().UnixNano(), proto.Size(response)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	kind := f.update.Sent[response.TypeUrl]
	f.update.Sent[response.TypeUrl] = sent{kind.Responses + 1, kind.Bytes + size}
	if response.TypeUrl != extensions || f.arrived[number] != 0 {
		return
	}
	for _, resource := range response.Resources {
		if bytes.Contains(resource.GetResource().GetValue(), f.mark) {
			f.arrived[number] = now
			break
		}
	}
	if f.arrived[number] == 0 || len(f.arrived) < f.count {
		return
	}
	times := make([]int64, 0, f.count)
	for _, at := range f.arrived {
		times = append(times, at)
	}
	slices.Sort(times)
	f.update.First, f.update.Median, f.update.Last = times[0], times[len(times)/2], times[len(times)-1]
	f.all <- f.update
	// What is sent from now on belongs to no update.
	f.update = update{Sent: map[string]sent{}}
}

// A client that comes again, as Envoy does, when its stream is refused or ends.
func (f *fleet) keep(number int) {
	for {
		err := f.stream(number)
		f.mutex.Lock()
		f.update.Retries++
		f.wrong = err
		f.mutex.Unlock()
		time.Sleep(time.Duration(500+rand.IntN(1_000)) * time.Millisecond)
	}
}

func (f *fleet) stream(number int) error {
	connection, err := grpc.NewClient(f.address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largest)))
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(connection).DeltaAggregatedResources(context.Background())
	if err != nil {
		return err
	}
	proxy, err := node(number)
	if err != nil {
		return err
	}
	ask := func(kind string, names []string) error {
		return stream.Send(&discovery.DeltaDiscoveryRequest{Node: proxy, TypeUrl: kind, ResourceNamesSubscribe: names})
	}
	if err := ask(clusters, nil); err != nil {
		return err
	}
	asked := map[string]bool{}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		f.note(number, response)
		acknowledge := &discovery.DeltaDiscoveryRequest{TypeUrl: response.TypeUrl, ResponseNonce: response.Nonce}
		if err := stream.Send(acknowledge); err != nil {
			return err
		}
		// As Envoy does: listeners once the clusters are there, extensions once the listeners name them.
		switch {
		case response.TypeUrl == clusters && !asked[listeners]:
			asked[listeners], err = true, ask(listeners, nil)
		case response.TypeUrl == listeners && !asked[extensions]:
			names, wrong := named(response)
			if wrong != nil {
				return wrong
			}
			asked[extensions], err = true, ask(extensions, names)
		}
		if err != nil {
			return err
		}
	}
}

// The extensions that listeners name.
func named(response *discovery.DeltaDiscoveryResponse) ([]string, error) {
	var names []string
	for _, resource := range response.Resources {
		var found listener.Listener
		if err := resource.Resource.UnmarshalTo(&found); err != nil {
			return nil, err
		}
		for _, chain := range found.FilterChains {
			for _, filter := range chain.Filters {
				var http manager.HttpConnectionManager
				if !filter.GetTypedConfig().MessageIs(&http) {
					continue
				}
				if err := filter.GetTypedConfig().UnmarshalTo(&http); err != nil {
					return nil, err
				}
				for _, filter := range http.HttpFilters {
					if filter.GetConfigDiscovery() != nil && !slices.Contains(names, filter.Name) {
						names = append(names, filter.Name)
					}
				}
			}
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no listener names an extension")
	}
	return names, nil
}

// A pod of the namespace `edge` with the label `app: fleet`.
func node(number int) (*core.Node, error) {
	address := fmt.Sprintf("10.9.%d.%d", number/250, 1+number%250)
	metadata, err := structpb.NewStruct(map[string]any{
		"NAMESPACE": "edge", "CLUSTER_ID": "Kubernetes", "INTERCEPTION_MODE": "NONE", "ISTIO_VERSION": "1.31.0",
		"SERVICE_ACCOUNT": "ees", "INSTANCE_IPS": address, "LABELS": map[string]any{"app": "fleet"},
	})
	name := fmt.Sprintf("sidecar~%s~fleet-%d.edge~edge.svc.cluster.local", address, number)
	return &core.Node{Id: name, Cluster: "fleet.edge", Metadata: metadata}, err
}
