#include "tally/stacks/definition_file.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tally/client/api.h"
#include "tally/client/input_file.h"
#include "tally/client/json_fields.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kProcfilePath = "procfile_path";

absl::Status Refuse(std::string_view place, std::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": ", reason));
}

// Finds what the server would refuse too, but with the place in the file.
absl::StatusOr<StackFromFile> ReadStack(const std::string& place,
                                        const std::string& directory,
                                        Json body) {
  if (!body.is_object()) {
    return Refuse(place, absl::StrCat("must be an object, not ",
                                      std::string_view(body.type_name())));
  }
  StackFromFile stack{.place = place,
                      .name = TextOf(body, "name"),
                      .environment = TextOf(body, "environment")};
  if (stack.name.empty()) {
    return Refuse(place, "name: is missing, or no text");
  }
  if (const auto path = body.find(kProcfilePath); path != body.end()) {
    if (!path->is_string()) {
      return Refuse(place, absl::StrCat(kProcfilePath, ": must be a string"));
    }
    if (body.contains("procfile") || body.contains("processes")) {
      return Refuse(place, absl::StrCat(kProcfilePath,
                                        ": excludes procfile and processes"));
    }
    const auto& relative = path->get_ref<const std::string&>();
    const absl::StatusOr<std::string> procfile = ReadInput(
        absl::StartsWith(relative, "/") ? relative
                                        : absl::StrCat(directory, relative));
    if (!procfile.ok()) {
      return absl::Status(procfile.status().code(),
                          absl::StrCat(place, ".", kProcfilePath, ": ",
                                       procfile.status().message()));
    }
    body.erase(std::string(kProcfilePath));
    body["procfile"] = *procfile;
  }
  stack.body = std::move(body);
  return stack;
}

// Says where the text is wrong; also a key that one object has twice.
absl::Status CheckJson(const std::string& name, const std::string& text,
                       const Json& json) {
  if (!json.is_discarded() && !json.is_object()) return absl::OkStatus();
  return api::ParseJsonObject(text, name).status();
}

}  // namespace

absl::StatusOr<std::vector<StackFromFile>> ReadStackDefinitions(
    const std::string& path) {
  const absl::StatusOr<std::string> text = ReadInput(path);
  if (!text.ok()) return text.status();
  const std::string name = path == "-" ? "standard input" : path;
  const std::string directory =
      path == "-" ? "" : path.substr(0, path.find_last_of('/') + 1);
  Json json = Json::parse(*text, nullptr, false);
  if (absl::Status valid = CheckJson(name, *text, json); !valid.ok()) {
    return valid;
  }
  std::string prefix = absl::StrCat(name, ": ");
  if (json.is_object() && json.contains("stacks")) {
    if (json.size() != 1 || !json["stacks"].is_array()) {
      return Refuse(name, "must have \"stacks\", a list, and nothing else");
    }
    Json list = json["stacks"];
    json = std::move(list);
    absl::StrAppend(&prefix, "stacks");
  } else if (!json.is_array()) {
    absl::StatusOr<StackFromFile> stack =
        ReadStack(name, directory, std::move(json));
    if (!stack.ok()) return stack.status();
    return std::vector<StackFromFile>{*std::move(stack)};
  }
  std::vector<StackFromFile> stacks;
  std::map<std::pair<std::string, std::string>, std::string> places;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string place = absl::StrCat(prefix, "[", i, "]");
    absl::StatusOr<StackFromFile> stack =
        ReadStack(place, directory, std::move(json[i]));
    if (!stack.ok()) return stack.status();
    const auto [first, is_new] =
        places.try_emplace(std::pair(stack->name, stack->environment), place);
    if (!is_new) {
      return Refuse(
          place,
          absl::StrCat("name: ", base::Quote(stack->name), " in environment ",
                       base::Quote(stack->environment),
                       " is defined already by ", first->second));
    }
    stacks.push_back(*std::move(stack));
  }
  return stacks;
}

}  // namespace tallyman::tally
