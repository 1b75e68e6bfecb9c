package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/tasks/sys"
)

// composeArgs are the arguments that say which project is meant.
type composeArgs struct {
	// The folder of the project.
	ProjectSrc string `arg:"project_src" type:"path"`
	// Its name; without it, the folder's.
	ProjectName string `arg:"project_name"`
	// The files in it, in place of compose.yaml.
	Files []string `arg:"files"`
	// The content of such a file, in place of a folder; project_name is needed then.
	Definition map[string]any `arg:"definition"`
	// Files with variables for the files.
	EnvFiles []string `arg:"env_files"`
	// The profiles whose services are meant too.
	Profiles []string `arg:"profiles"`
	// Fails early where the folder has none of the usual files.
	CheckFilesExisting bool `arg:"check_files_existing" default:"true"`
	// Where the engine listens: unix:///path or tcp://host:port.
	DockerHost string `arg:"docker_host" alias:"docker_url"`
	// The context of the docker command.
	CLIContext string `arg:"cli_context"`
	// The docker command.
	DockerCLI string `arg:"docker_cli" type:"path"`
}

// usualFiles are those of which a project's folder has one.
var usualFiles = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// prepare looks at the project's folder, or makes one of the definition. The
// caller calls what it returns at the end.
func (a *composeArgs) prepare(m *sys.Machine) (done func(), err error) {
	if a.Definition != nil {
		return a.write(m)
	}
	if a.ProjectSrc, err = m.Expand(a.ProjectSrc); err != nil {
		return nil, err
	}
	if info, err := os.Stat(m.Path(a.ProjectSrc)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("argument \"project_src\": there is no folder %q", a.ProjectSrc)
	}
	names := a.Files
	if len(names) == 0 {
		names = usualFiles
	}
	there := 0
	for _, name := range names {
		if !filepath.IsAbs(name) {
			name = filepath.Join(a.ProjectSrc, name)
		}
		if _, err := os.Stat(m.Path(name)); err == nil {
			there++
		} else if len(a.Files) > 0 && a.CheckFilesExisting {
			return nil, fmt.Errorf("argument \"files\": there is no file %q", name)
		}
	}
	if there == 0 && a.CheckFilesExisting {
		return nil, fmt.Errorf("argument \"project_src\": the folder %q has none of %s", a.ProjectSrc, strings.Join(usualFiles, ", "))
	}
	return func() {}, nil
}

func (a *composeArgs) write(m *sys.Machine) (func(), error) {
	if a.ProjectName == "" {
		return nil, errors.New("argument \"project_name\" is needed with definition")
	}
	folder, err := os.MkdirTemp("", "fleet-compose-")
	if err != nil {
		return nil, err
	}
	done := func() { _ = os.RemoveAll(folder) } // a folder of our own, in the temporary one
	data, err := json.Marshal(a.Definition)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "compose.yaml"), data, 0o600)
	}
	if err != nil {
		done()
		return nil, err
	}
	a.ProjectSrc = folder
	return done, nil
}

// command returns the start of each command.
func (a *composeArgs) command(m *sys.Machine) []string {
	argv := []string{firstOf(a.DockerCLI, "docker")}
	if a.DockerHost != "" {
		argv = append(argv, "--host", a.DockerHost)
	}
	if a.CLIContext != "" {
		argv = append(argv, "--context", a.CLIContext)
	}
	argv = append(argv, "compose", "--ansi", "never", "--project-directory", m.Path(a.ProjectSrc))
	if a.ProjectName != "" {
		argv = append(argv, "--project-name", a.ProjectName)
	}
	files := a.Files
	if a.Definition != nil {
		files = []string{filepath.Join(a.ProjectSrc, "compose.yaml")}
	}
	for _, list := range []struct {
		option string
		values []string
	}{{"--file", files}, {"--env-file", a.EnvFiles}, {"--profile", a.Profiles}} {
		for _, v := range list.values {
			if list.option == "--file" && !filepath.IsAbs(v) {
				v = filepath.Join(m.Path(a.ProjectSrc), v)
			}
			argv = append(argv, list.option, v)
		}
	}
	return argv
}
