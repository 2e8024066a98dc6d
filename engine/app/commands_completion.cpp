// rowhook completion: scripts that complete its commands and options, made from their declarations.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/app/cli.h"

namespace rowhook {
namespace {

// What may stand behind a command; `path` is "" for the program itself, " triggers list" for that command.
struct Place {
  std::string path;
  std::vector<std::string> commands, options;
};

void add_places(const CLI::App& app, const std::string& path, std::vector<std::string> common,
                std::vector<Place>& places) {
  Place place{path, {}, std::move(common)};
  for (const auto* option : app.get_options())
    for (const auto& name : option->get_lnames()) place.options.push_back("--" + name);
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  for (const auto* command : commands) place.commands.push_back(command->get_name());
  places.push_back(place);
  // Options of the program may stand behind any of its commands.
  const std::vector<std::string> inherited = path.empty() ? place.options : std::vector<std::string>{};
  for (const auto* command : commands)
    add_places(*command, path + " " + command->get_name(), inherited, places);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string words_of(const Place& place) {
  return joined(place.commands) + (place.commands.empty() ? "" : " ") + joined(place.options);
}

// bash and zsh share the part that finds out which command the words before the cursor name.
std::string find_path(const std::vector<Place>& places) {
  std::string known;
  for (const auto& place : places)
    if (!place.path.empty()) known += (known.empty() ? "\"" : "|\"") + place.path + "\"";
  return "    case \"$at $word\" in " + known + ") at=\"$at $word\" ;; esac\n";
}

std::string cases(const std::vector<Place>& places, const std::string& before, const std::string& behind) {
  std::string out = "  case \"$at\" in\n";
  for (const auto& place : places)
    out += "    \"" + place.path + "\") " + before + words_of(place) + behind + " ;;\n";
  return out + "  esac\n";
}

std::string bash_script(const std::vector<Place>& places) {
  return "# rowhook completion bash > /etc/bash_completion.d/rowhook\n"
         "_rowhook() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} at='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n" +
         find_path(places) + "  done\n" + cases(places, "COMPREPLY=($(compgen -W \"", "\" -- \"$cur\"))") +
         "}\n"
         "complete -o default -F _rowhook rowhook\n";
}

std::string zsh_script(const std::vector<Place>& places) {
  return "#compdef rowhook\n"
         "# rowhook completion zsh > \"${fpath[1]}/_rowhook\"\n"
         "_rowhook() {\n"
         "  local at='' word\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n" +
         find_path(places) + "  done\n" + cases(places, "compadd -- ", "") +
         "  _files\n"
         "}\n"
         "compdef _rowhook rowhook\n";
}

std::string fish_script(const std::vector<Place>& places) {
  std::string known;
  for (const auto& place : places)
    if (!place.path.empty()) known += " '" + place.path + "'";
  std::string out =
      "# rowhook completion fish > ~/.config/fish/completions/rowhook.fish\n"
      "function __rowhook_at\n"
      "  set -l path ''\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    contains -- \"$path $word\"" +
      known +
      "; and set path \"$path $word\"\n"
      "  end\n"
      "  test \"$path\" = \"$argv[1]\"\n"
      "end\n";
  for (const auto& place : places)
    out += "complete -c rowhook -n \"__rowhook_at '" + place.path + "'\" -a '" + words_of(place) + "'\n";
  return out;
}

}  // namespace

void add_completion_command(CLI::App& app, CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  auto* command = app.add_subcommand("completion", "A script that completes commands and options");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([shell, &app, &line] {
    line.run = [shell, &app] {
      std::vector<Place> places;
      add_places(app, "", {}, places);
      const std::string script = *shell == "bash"  ? bash_script(places)
                                 : *shell == "zsh" ? zsh_script(places)
                                                   : fish_script(places);
      std::fputs(script.c_str(), stdout);
      return exit_status::done;
    };
  });
}

}  // namespace rowhook
