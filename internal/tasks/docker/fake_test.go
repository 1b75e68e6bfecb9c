package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"fleet/internal/tasks/docker/client"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/volume"
)

// fakeEngine is a Docker Engine of API 1.41 with its state in memory. It knows
// what the modules ask, answers other requests with 501, and keeps a list of the
// requests, and of those that change something.
type fakeEngine struct {
	mu         sync.Mutex
	host       string
	containers []*container.InspectResponse
	images     map[string]*image.InspectResponse // by name:tag
	registry   map[string]*image.InspectResponse // what can be pulled, by name:tag
	needsAuth  string                            // the login that pulling needs, as user:password
	networks   map[string]*network.Inspect
	volumes    map[string]*volume.Volume
	requests   []string // as METHOD /path
	changes    []string // the requests that changed something
	ids        int
}

func startFake(t *testing.T) *fakeEngine {
	t.Helper()
	e := &fakeEngine{
		images: map[string]*image.InspectResponse{}, registry: map[string]*image.InspectResponse{},
		networks: map[string]*network.Inspect{}, volumes: map[string]*volume.Volume{},
	}
	for _, name := range []string{"bridge", "host", "none"} {
		e.networks[name] = &network.Inspect{Network: network.Network{Name: name, ID: e.id(), Driver: name, Scope: "local"}}
	}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: e}}
	server.Start()
	t.Cleanup(server.Close)
	e.host = "unix://" + socket
	return e
}

func (e *fakeEngine) id() string {
	e.ids++
	return fmt.Sprintf("%064x", e.ids)
}

// addImage puts an image with defaults of its own on the machine or, with
// where being registry, only there.
func (e *fakeEngine) addImage(where map[string]*image.InspectResponse, name string) {
	id := "sha256:" + e.id()
	img := &image.InspectResponse{ID: id, RepoTags: []string{name}, RepoDigests: []string{strings.Split(name, ":")[0] + "@" + id}}
	config := `{"Env":["PATH=/bin","FROM_IMAGE=1"],"Cmd":["serve"],"Entrypoint":["/entry"],"User":"www","WorkingDir":"/srv","StopSignal":"SIGQUIT",
		"Labels":{"made":"by image"},"ExposedPorts":{"80/tcp":{}},"Volumes":{"/cache":{}},"Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":7000000000}}`
	if err := json.Unmarshal([]byte(config), &img.Config); err != nil {
		panic(err) // the text above is constant
	}
	where[name] = img
}

type fakeError struct {
	status int
	text   string
}

var apiVersion = regexp.MustCompile(`^/v1\.\d+/`)

func (e *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Ostype", "linux")
	path := "/" + strings.TrimPrefix(apiVersion.ReplaceAllString(r.URL.Path, "/"), "/")
	e.requests = append(e.requests, r.Method+" "+path)
	if path == "/_ping" {
		return
	}
	body, _ := io.ReadAll(r.Body)
	if exec, ok := strings.CutPrefix(path, "/exec/"); ok && strings.HasSuffix(exec, "/start") {
		e.runExec(w, body)
		return
	}
	answer, fail := e.route(r.Method, strings.Split(path, "/")[1:], r.URL.Query(), r.Header, body)
	w.Header().Set("Content-Type", "application/json")
	if fail != nil {
		w.WriteHeader(fail.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": fail.text})
		return
	}
	if r.Method != http.MethodGet && path != "/auth" {
		e.changes = append(e.changes, r.Method+" "+path)
	}
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if text, ok := answer.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (e *fakeEngine) route(method string, path []string, query url.Values, header http.Header, body []byte) (any, *fakeError) {
	last := path[len(path)-1]
	middle := strings.Join(path[1:max(1, len(path)-1)], "/")
	switch path[0] {
	case "auth":
		var login struct{ Username, Password, ServerAddress string }
		_ = json.Unmarshal(body, &login)
		if login.Password != "right" {
			return nil, &fakeError{401, "Get \"https://" + login.ServerAddress + "/v2/\": unauthorized: authentication required"}
		}
		return map[string]string{"Status": "Login Succeeded"}, nil
	case "containers":
		return e.container(method, middle, last, query, body)
	case "images":
		return e.imageRequest(method, middle, last, path, query, header)
	case "distribution":
		if img := e.registry[familiar(middle)]; img != nil {
			return map[string]any{"Descriptor": map[string]any{"digest": strings.Split(img.RepoDigests[0], "@")[1]}}, nil
		}
		return nil, &fakeError{404, "manifest unknown"}
	case "networks":
		return e.network(method, middle, last, body)
	case "exec":
		return map[string]any{"ID": "run", "ExitCode": 3}, nil
	case "volumes":
		return e.volume(method, middle, last, body)
	}
	return nil, &fakeError{501, "the fake engine does not know " + method + " /" + strings.Join(path, "/")}
}

func (e *fakeEngine) find(name string) (int, *container.InspectResponse) {
	for i, c := range e.containers {
		if c.Name == "/"+name || c.ID == name {
			return i, c
		}
	}
	return -1, nil
}

func (e *fakeEngine) container(method, name, verb string, query url.Values, body []byte) (any, *fakeError) {
	if method == "POST" && verb == "create" {
		return e.create(query.Get("name"), body)
	}
	if method == "GET" && verb == "json" && name == "" {
		return e.list(query), nil
	}
	if method == "POST" && verb == "prune" {
		deleted := []string{}
		for _, c := range e.containers {
			if !c.State.Running {
				deleted = append(deleted, c.ID)
			}
		}
		return map[string]any{"ContainersDeleted": deleted, "SpaceReclaimed": 7}, nil
	}
	if method == "DELETE" {
		name = verb
	}
	i, c := e.find(name)
	if c == nil {
		return nil, &fakeError{404, "No such container: " + name}
	}
	switch method + " " + verb {
	case "POST exec":
		return map[string]any{"Id": "run"}, nil
	case "GET json":
		return c, nil
	case "POST start":
		return nil, e.start(c)
	case "POST stop", "POST kill":
		c.State.Running, c.State.Status = false, "exited"
	case "POST unpause":
		if !c.State.Paused {
			return nil, &fakeError{409, "Container " + name + " is not paused"}
		}
		c.State.Paused, c.State.Status = false, "running"
	case "POST restart":
		c.State.Running, c.State.Paused, c.State.Status = true, false, "running"
	case "POST pause":
		c.State.Paused, c.State.Status = true, "paused"
	case "POST rename":
		if _, other := e.find(query.Get("name")); other != nil {
			return nil, &fakeError{409, "the name is in use"}
		}
		c.Name = "/" + query.Get("name")
	case "POST update":
		_ = json.Unmarshal(body, c.HostConfig)
		return map[string]any{}, nil
	default:
		if method != "DELETE" {
			return nil, &fakeError{501, "the fake engine does not know " + method + " " + verb}
		}
		e.containers = append(e.containers[:i], e.containers[i+1:]...)
	}
	return nil, nil
}

func (e *fakeEngine) list(query url.Values) []container.Summary {
	var f client.Filters
	_ = json.Unmarshal([]byte(query.Get("filters")), &f)
	out := []container.Summary{}
	for _, c := range e.containers {
		published := len(f["publish"]) == 0
		for port := range f["publish"] {
			published = published || e.publishes(c, port)
		}
		stopped := len(f["status"]) == 0 || !c.State.Running
		if published && stopped && (c.State.Running || query.Get("all") == "1") {
			out = append(out, container.Summary{ID: c.ID, Names: []string{c.Name}, ImageID: c.Image, State: c.State.Status})
		}
	}
	return out
}

func (e *fakeEngine) publishes(c *container.InspectResponse, port string) bool {
	for _, bindings := range c.HostConfig.PortBindings {
		for _, b := range bindings {
			if b.HostPort == port {
				return true
			}
		}
	}
	return false
}

// create makes a container as the engine does: with the image's defaults.
func (e *fakeEngine) create(name string, body []byte) (any, *fakeError) {
	var asked container.CreateRequest
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, &fakeError{400, err.Error()}
	}
	if _, other := e.find(name); other != nil {
		return nil, &fakeError{409, "Conflict. The container name \"/" + name + "\" is already in use"}
	}
	img := e.image(asked.Config.Image)
	if img == nil {
		return nil, &fakeError{404, "No such image: " + asked.Config.Image}
	}
	h := asked.HostConfig
	if h.NetworkMode == "" {
		h.NetworkMode = "default"
	}
	if h.ShmSize == 0 {
		h.ShmSize = 64 << 20
	}
	if h.LogConfig.Type == "" {
		h.LogConfig.Type = "json-file"
	}
	for i, link := range h.Links {
		from, alias, _ := strings.Cut(link, ":")
		h.Links[i] = "/" + from + ":/" + name + "/" + alias
	}
	c := &container.InspectResponse{ID: e.id(), Name: "/" + name, Image: img.ID, HostConfig: h,
		State: &container.State{Status: "created"}, NetworkSettings: &container.NetworkSettings{Networks: map[string]*network.EndpointSettings{}}}
	c.Config = containerSpec{asked.Config, h}.withImage(img).config
	mode := viewNetworkMode(containerSpec{asked.Config, h})[0].value
	if asked.NetworkingConfig != nil && asked.NetworkingConfig.EndpointsConfig[mode] != nil {
		c.NetworkSettings.Networks[mode] = asked.NetworkingConfig.EndpointsConfig[mode]
	} else {
		c.NetworkSettings.Networks[mode] = &network.EndpointSettings{}
	}
	e.containers = append(e.containers, c)
	return map[string]any{"Id": c.ID}, nil
}

func (e *fakeEngine) start(c *container.InspectResponse) *fakeError {
	for _, other := range e.containers {
		for _, bindings := range c.HostConfig.PortBindings {
			for _, b := range bindings {
				if other != c && other.State.Running && b.HostPort != "" && e.publishes(other, b.HostPort) {
					return &fakeError{500, "driver failed programming external connectivity on endpoint x: Bind for 0.0.0.0:" + b.HostPort + " failed: port is already allocated"}
				}
			}
		}
	}
	c.State.Running, c.State.Status = true, "running"
	if c.Config.Healthcheck != nil {
		c.State.Health = &container.Health{Status: container.Healthy}
		if strings.Contains(strings.Join(c.Config.Healthcheck.Test, " "), "false") {
			c.State.Health = &container.Health{Status: container.Unhealthy, Log: []*container.HealthcheckResult{{ExitCode: 1, Output: "no"}}}
		}
	}
	for _, n := range c.NetworkSettings.Networks {
		n.IPAddress = netip.MustParseAddr("172.17.0.9")
	}
	return nil
}

func familiar(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "docker.io/"), "library/")
}

func (e *fakeEngine) image(name string) *image.InspectResponse {
	name = familiar(name)
	if !strings.Contains(name, ":") {
		name += ":latest"
	}
	for tag, img := range e.images {
		if tag == name || img.ID == name {
			return img
		}
	}
	return nil
}

func (e *fakeEngine) imageRequest(method, name, verb string, path []string, query url.Values, header http.Header) (any, *fakeError) {
	if method == "POST" && verb == "create" {
		return e.pull(query.Get("fromImage"), query.Get("tag"), header.Get("X-Registry-Auth"))
	}
	if method == "DELETE" {
		name = strings.Join(path[1:], "/")
	}
	if verb == "push" {
		name += ":" + query.Get("tag")
	}
	img := e.image(name)
	if img == nil {
		return nil, &fakeError{404, "No such image: " + name}
	}
	switch {
	case method == "GET" && verb == "json":
		return img, nil
	case method == "POST" && verb == "tag":
		e.images[familiar(query.Get("repo"))+":"+query.Get("tag")] = img
		return nil, nil
	case method == "POST" && verb == "push":
		e.registry[name] = img
		return `{"status":"pushed"}`, nil
	case method == "DELETE":
		delete(e.images, name)
		return []any{}, nil
	}
	return nil, &fakeError{501, "the fake engine does not know " + method + " " + verb}
}

func (e *fakeEngine) pull(from, tag, auth string) (any, *fakeError) {
	name := familiar(from) + ":" + tag
	if e.needsAuth != "" {
		login, err := decodeHeader(auth)
		if err != nil || login != e.needsAuth {
			return nil, &fakeError{500, "Get \"https://" + strings.Split(from, "/")[0] + "/v2/\": no basic auth credentials"}
		}
	}
	img := e.registry[name]
	if img == nil {
		return nil, &fakeError{404, "manifest for " + name + " not found: manifest unknown: manifest unknown"}
	}
	e.images[name] = img
	return `{"status":"Pulling from ` + from + `"}` + "\n" + `{"status":"Download complete","progressDetail":{"current":1,"total":1}}`, nil
}

func (e *fakeEngine) network(method, name, verb string, body []byte) (any, *fakeError) {
	if method == "POST" && verb == "create" {
		var asked network.CreateRequest
		_ = json.Unmarshal(body, &asked)
		n := &network.Inspect{Network: network.Network{Name: asked.Name, ID: e.id(), Driver: asked.Driver, Options: asked.Options, Labels: asked.Labels,
			Internal: asked.Internal, Scope: "local"}, Containers: map[string]network.EndpointResource{}}
		if asked.IPAM != nil {
			n.IPAM = *asked.IPAM
		}
		e.networks[asked.Name] = n
		return map[string]any{"Id": n.ID}, nil
	}
	if name == "" {
		name = verb
	}
	n := e.networks[name]
	for _, other := range e.networks {
		if other.ID == name {
			n = other
		}
	}
	if n == nil {
		return nil, &fakeError{404, "network " + name + " not found"}
	}
	var asked network.ConnectRequest
	_ = json.Unmarshal(body, &asked)
	_, c := e.find(asked.Container)
	switch {
	case method == "GET":
		return n, nil
	case method == "DELETE":
		delete(e.networks, n.Name)
	case c == nil:
		return nil, &fakeError{404, "No such container: " + asked.Container}
	case verb == "connect":
		if asked.EndpointConfig == nil {
			asked.EndpointConfig = &network.EndpointSettings{}
		}
		c.NetworkSettings.Networks[n.Name] = asked.EndpointConfig
		if n.Containers == nil {
			n.Containers = map[string]network.EndpointResource{}
		}
		n.Containers[c.ID] = network.EndpointResource{Name: strings.TrimPrefix(c.Name, "/")}
	case verb == "disconnect":
		delete(c.NetworkSettings.Networks, n.Name)
		delete(n.Containers, c.ID)
	}
	return nil, nil
}

func (e *fakeEngine) volume(method, _, verb string, body []byte) (any, *fakeError) {
	if method == "POST" && verb == "create" {
		var asked volume.CreateRequest
		_ = json.Unmarshal(body, &asked)
		e.volumes[asked.Name] = &volume.Volume{Name: asked.Name, Driver: asked.Driver, Options: asked.DriverOpts, Labels: asked.Labels}
		return e.volumes[asked.Name], nil
	}
	v := e.volumes[verb]
	if v == nil {
		return nil, &fakeError{404, "get " + verb + ": no such volume"}
	}
	if method == "DELETE" {
		delete(e.volumes, verb)
		return nil, nil
	}
	return v, nil
}
