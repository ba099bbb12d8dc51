#include "tally/cli/command.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/no_destructor.h"

namespace tallyman::tally {

const std::vector<OptionSpec>& GlobalOptions() {
  static const absl::NoDestructor<std::vector<OptionSpec>> options(
      std::vector<OptionSpec>{
          {.name = "context",
           .value = "NAME",
           .help = "use this context of the configuration file",
           .completes = Completes::kContext},
          {.name = "url",
           .value = "URL",
           .help = "address of the server: http://, https:// or unix:PATH"},
          {.name = "token-file",
           .value = "FILE",
           .help = "read the token from this file; - is standard input",
           .completes = Completes::kFile},
          {.name = "token",
           .value = "TOKEN",
           .help = "the token itself, which other users may see in ps; "
                   "--token-file is safer"},
          {.name = "ca",
           .value = "FILE",
           .help = "PEM file with the authorities of the server's certificate",
           .completes = Completes::kFile},
          {.name = "data-dir",
           .value = "DIRECTORY",
           .help = "data directory of a server of this machine, whose address "
                   "and token are read",
           .completes = Completes::kFile},
          {.name = "json",
           .help = "print JSON and nothing else on standard output; errors "
                   "are JSON as well"},
          {.name = "no-color", .help = "print no colours, as NO_COLOR does"},
          {.name = "quiet", .letter = 'q', .help = "print no progress"},
          {.name = "help", .letter = 'h', .help = "show the help of a command"},
      });
  return *options;
}

bool Invocation::Has(std::string_view name) const {
  return values_.find(name) != values_.end();
}

std::optional<std::string> Invocation::Value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second.back();
}

std::string Invocation::ValueOr(std::string_view name,
                                std::string_view other) const {
  return Value(name).value_or(std::string(other));
}

std::vector<std::string> Invocation::Values(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return {};
  return found->second;
}

void Invocation::Add(std::string_view name, std::string value) {
  values_[std::string(name)].push_back(std::move(value));
}

}  // namespace tallyman::tally
