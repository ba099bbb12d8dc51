#include "tally/cli/parser.h"

#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Error.hpp"
#include "CLI/Formatter.hpp"
#include "CLI/Option.hpp"
#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "api/description/nearest_name.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"

namespace tallyman::tally {
namespace {

// An option or argument of CLI11, and where its values go.
struct Bound {
  std::string_view name;
  const std::vector<std::string_view>* choices;
  CLI::Option* option;
  bool is_switch;
  bool value_is_optional = false;
};

// One command as CLI11 knows it.
struct BoundCommand {
  const CommandSpec* spec;
  std::vector<Bound> bound;
};

std::string HintOf(std::string_view word,
                   const std::vector<std::string_view>& candidates) {
  if (candidates.empty()) return "";
  const std::string_view nearest = api::NearestName(word, candidates);
  // Two slips in a short word, more in a longer one.
  if (api::EditDistance(word, nearest) > 2 + word.size() / 6) return "";
  return absl::StrCat("; did you mean ", base::Quote(nearest), "?");
}

class Parser {
 public:
  explicit Parser(const std::vector<CommandSpec>& table) : table_(table) {
    Configure(app_);
    AddOptions(app_, GlobalOptions(), globals_);
    for (const CommandSpec& spec : table_) {
      AddCommand(spec, spec.path);
      if (!spec.alias.empty()) AddCommand(spec, spec.alias);
    }
  }

  absl::StatusOr<Invocation> Run(const std::vector<std::string>& arguments) {
    // CLI11 takes them from the back.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    std::string error;
    try {
      app_.parse(std::move(reversed));
    } catch (const CLI::ParseError& parse_error) {
      error = parse_error.what();
    }
    return Finish(error);
  }

 private:
  // Words that nothing takes are for Finish(), which names the nearest.
  static void Configure(CLI::App& app) {
    app.set_help_flag();
    app.set_version_flag();
    app.allow_extras();
    app.fallthrough();
    // A word after a command is an argument, also if it is a command's name.
    app.subcommand_fallthrough(false);
  }

  static void AddOptions(CLI::App& app, const std::vector<OptionSpec>& specs,
                         std::vector<Bound>& bound) {
    for (const OptionSpec& spec : specs) {
      std::string names = absl::StrCat("--", spec.name);
      if (spec.letter != 0) {
        absl::StrAppend(&names, ",-", std::string(1, spec.letter));
      }
      const bool is_switch = spec.value.empty();
      // A flag of CLI11 takes a value after "=" alone.
      const bool is_flag = is_switch || spec.value_is_optional;
      CLI::Option* const option =
          is_flag ? app.add_flag(names) : app.add_option(names);
      option->disable_flag_override(is_switch);
      if (!is_flag) {
        option->expected(1);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      }
      bound.push_back({.name = spec.name,
                       .choices = &spec.choices,
                       .option = option,
                       .is_switch = is_switch,
                       .value_is_optional = spec.value_is_optional});
    }
  }

  void AddCommand(const CommandSpec& spec, std::string_view path) {
    CLI::App* app = &app_;
    for (const absl::string_view word : absl::StrSplit(path, ' ')) {
      CLI::App* next = app->get_subcommand_no_throw(std::string(word));
      if (next == nullptr) {
        next = app->add_subcommand(std::string(word));
        Configure(*next);
      }
      app = next;
    }
    BoundCommand& command = commands_[app];
    command.spec = &spec;
    AddOptions(*app, spec.options, command.bound);
    for (const ArgumentSpec& argument : spec.arguments) {
      CLI::Option* const option = app->add_option(std::string(argument.name));
      if (argument.repeated) {
        option->expected(0, CLI::detail::expected_max_vector_size);
      } else {
        option->expected(0, 1);
      }
      command.bound.push_back({.name = argument.name,
                               .choices = &argument.choices,
                               .option = option,
                               .is_switch = false});
    }
  }

  // The innermost command that was called.
  CLI::App* Called() {
    CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().back();
    return app;
  }

  static std::vector<std::string_view> CommandNames(const CLI::App& app) {
    std::vector<std::string_view> names;
    for (const CLI::App* child : app.get_subcommands({})) {
      names.push_back(child->get_name());
    }
    return names;
  }

  absl::StatusOr<Invocation> Finish(const std::string& error) {
    CLI::App* const app = Called();
    const bool wants_help = WantsHelp();
    const auto found = commands_.find(app);
    if (found == commands_.end()) return FinishGroup(*app, wants_help);
    const BoundCommand& command = found->second;
    Invocation invocation(command.spec);
    if (wants_help) {
      invocation.Add("help", "");
      return invocation;
    }
    if (!error.empty()) return InvalidUsage(command, error);
    if (absl::Status extras = CheckExtras(command); !extras.ok()) return extras;
    absl::Status status = AddValues(globals_, invocation);
    if (status.ok()) status = AddValues(command.bound, invocation);
    if (status.ok()) status = CheckArguments(*command.spec, invocation);
    if (!status.ok()) return status;
    return invocation;
  }

  bool WantsHelp() const {
    return absl::c_any_of(globals_, [](const Bound& bound) {
      return bound.name == "help" && bound.option->count() > 0;
    });
  }

  absl::StatusOr<Invocation> FinishGroup(const CLI::App& app, bool wants_help) {
    const std::vector<std::string> extras = app_.remaining(true);
    const std::vector<std::string_view> names = CommandNames(app);
    if (!extras.empty() && !wants_help) {
      const std::string& word = extras.front();
      const bool is_option = absl::StartsWith(word, "-");
      return absl::InvalidArgumentError(absl::StrCat(
          is_option ? "unknown option " : "unknown command ", base::Quote(word),
          is_option ? OptionHint(word, nullptr) : HintOf(word, names),
          "; `tally --help` lists the commands"));
    }
    if (wants_help) {
      // The first of the group stands for all of it.
      for (const CommandSpec& spec : table_) {
        if (absl::StartsWith(spec.path, absl::StrCat(app.get_name(), " "))) {
          Invocation invocation(&spec);
          invocation.Add("help", "group");
          return invocation;
        }
      }
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", app.get_name(),
        "\" needs one of its commands: ", absl::StrJoin(names, ", ")));
  }

  std::string OptionHint(std::string_view word, const BoundCommand* command) {
    std::vector<std::string> names;
    for (const Bound& bound : globals_) {
      names.push_back(absl::StrCat("--", bound.name));
    }
    if (command != nullptr) {
      for (const OptionSpec& option : command->spec->options) {
        names.push_back(absl::StrCat("--", option.name));
      }
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    return HintOf(word.substr(0, word.find('=')), views);
  }

  absl::Status InvalidUsage(const BoundCommand& command,
                            std::string_view error) {
    return absl::InvalidArgumentError(
        absl::StrCat(error, "; see `tally ", command.spec->path, " --help`"));
  }

  absl::Status CheckExtras(const BoundCommand& command) {
    const std::vector<std::string> extras = app_.remaining(true);
    if (extras.empty()) return absl::OkStatus();
    const std::string& word = extras.front();
    if (absl::StartsWith(word, "-") && word.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unknown option ", base::Quote(word), OptionHint(word, &command),
          "; see `tally ", command.spec->path, " --help`"));
    }
    // "stacks lst" calls the command that "stacks" stands for.
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument ", base::Quote(word),
                     HintOf(word, CommandNames(*Called())), "; see `tally ",
                     command.spec->path, " --help`"));
  }

  static absl::Status AddValues(const std::vector<Bound>& all,
                                Invocation& invocation) {
    for (const Bound& bound : all) {
      if (bound.option->count() == 0) continue;
      if (bound.is_switch) {
        invocation.Add(bound.name, "");
        continue;
      }
      for (std::string value : bound.option->results()) {
        // CLI11's result of a flag without a value.
        if (bound.value_is_optional && value == "true") value.clear();
        if (!bound.choices->empty() &&
            !absl::c_linear_search(*bound.choices, value)) {
          return absl::InvalidArgumentError(
              absl::StrCat(bound.option->get_positional() ? "" : "--",
                           bound.name, ": ", base::Quote(value), " is none of ",
                           absl::StrJoin(*bound.choices, ", ")));
        }
        invocation.Add(bound.name, std::move(value));
      }
    }
    return absl::OkStatus();
  }

  static absl::Status CheckArguments(const CommandSpec& spec,
                                     const Invocation& invocation) {
    for (const ArgumentSpec& argument : spec.arguments) {
      if (!argument.optional && !invocation.Has(argument.name)) {
        return absl::InvalidArgumentError(absl::StrCat(
            argument.name, " is missing; see `tally ", spec.path, " --help`"));
      }
    }
    return absl::OkStatus();
  }

  const std::vector<CommandSpec>& table_;
  CLI::App app_;
  std::vector<Bound> globals_;
  std::map<const CLI::App*, BoundCommand> commands_;
};

}  // namespace

absl::StatusOr<Invocation> Parse(const std::vector<CommandSpec>& table,
                                 const std::vector<std::string>& arguments) {
  try {
    return Parser(table).Run(arguments);
  } catch (const std::exception& error) {
    // CLI11 reports two options of one name and the like.
    return absl::InternalError(
        absl::StrCat("the table of commands: ", error.what()));
  }
}

}  // namespace tallyman::tally
