#include "api/description/query_check.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "api/description/nearest_name.h"
#include "api/description/operation.h"
#include "api/description/parameter.h"
#include "api/http/params.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

bool IsTokenOf(const Operation& operation, std::string_view name) {
  return operation.family == ApiFamily::kHost && operation.scope &&
         name == kTokenParameter.name;
}

const Parameter* Find(const Operation& operation, std::string_view name) {
  for (const Parameter* const parameter : operation.query) {
    if (parameter->name == name) return parameter;
    if (parameter->is_map &&
        parameter->name == name.substr(0, name.find('['))) {
      return parameter;
    }
  }
  return nullptr;
}

absl::Status Unknown(const Operation& operation, std::string_view name) {
  std::vector<std::string_view> known;
  known.reserve(operation.query.size() + 1);
  for (const Parameter* const parameter : operation.query) {
    known.push_back(parameter->name);
  }
  if (IsTokenOf(operation, kTokenParameter.name)) {
    known.push_back(kTokenParameter.name);
  }
  if (known.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unknown parameter ", base::Quote(name), "; ",
                     operation.method, " ", operation.path, " takes none"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown parameter ", base::Quote(name), "; the nearest is ",
                   base::Quote(NearestName(name, known)), "; parameters are ",
                   absl::StrJoin(known, ", ")));
}

// The value of the parameter `name` of the path.
std::string_view PathValue(const Operation& operation, std::string_view name,
                           absl::Span<const std::string> path_values) {
  for (size_t i = 0; i < operation.path_parameters.size(); ++i) {
    if (operation.path_parameters[i]->name == name) return path_values[i];
  }
  return {};
}

}  // namespace

absl::Status CheckQuery(const Operation& operation, const Params& params,
                        absl::Span<const std::string> path_values) {
  for (const auto& [name, value] : params.all()) {
    const Parameter* const parameter = Find(operation, name);
    if (parameter == nullptr && !IsTokenOf(operation, name)) {
      return Unknown(operation, name);
    }
    if (parameter != nullptr && parameter->is_map) continue;
    if (const std::string_view first = *params.Get(name); value != first) {
      // The value of a token stays out of messages and logs.
      return absl::InvalidArgumentError(
          parameter == nullptr
              ? absl::StrCat(name, " is given twice, with different values")
              : absl::StrCat(name, " is given twice, as ", base::Quote(first),
                             " and as ", base::Quote(value)));
    }
    if (parameter == nullptr || parameter->repeats.empty()) continue;
    const std::string_view in_path =
        PathValue(operation, parameter->repeats, path_values);
    if (value != in_path) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", base::Quote(value), " is not ",
                       base::Quote(in_path), ", which the path names"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tallyman::api
