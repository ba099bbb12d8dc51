#include "api/stacks/stack_definition_json.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/description/schema.h"
#include "api/json/json_reader.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "stacks/model/procfile.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::api {
namespace {

using Json = nlohmann::json;
using stacks::ProcessDefinition;
using stacks::StackDefinition;
using ReadFile =
    absl::FunctionRef<absl::StatusOr<std::string>(std::string_view path)>;

constexpr Schema kVariable = String("The value of a variable.", "80");

constexpr Field kProcessFields[] = {
    {"name",
     {.description = "Letters, digits, `_`, `.` and `-`; unique in the "
                     "stack.",
      .pattern = "^[A-Za-z0-9_.-]+$",
      .min = 1,
      .max = stacks::kMaxNameBytes,
      .example = "web"}},
    {"command",
     {.description = "Run by sh.",
      .min = 1,
      .max = stacks::kMaxCommandBytes,
      .example = "bin/web"}},
    {"directory", OrNull(String("Absolute; `/` if absent.", "/srv/shop")),
     kOptional},
    {"env",
     OrNull(Map("Variables, added to those of the server.", kVariable,
                R"({"PORT":"80"})")),
     kOptional},
    {"user",
     OrNull(String("The user to run as; the server's own if absent.", "shop")),
     kOptional},
    {"stop_sequence",
     OrNull(WithDefault("term,10,kill",
                        String("Signals, with seconds to wait between them.",
                               "term,10,kill"))),
     kOptional},
    {"max_instances",
     OrNull(WithDefault("1000", Integer("The most instances on one server.",
                                        "10", 1, stacks::kMaxInstances))),
     kOptional},
    {"cpu", OrNull(Integer("Limit: seconds of processor time.", "3600", 1)),
     kOptional},
    {"memory",
     OrNull(Integer("Limit: bytes of address space.", "1073741824", 1)),
     kOptional},
    {"nofile",
     OrNull(Integer("Limit: open files.", "1024", stacks::kMinOpenFiles,
                    stacks::kMaxOpenFiles)),
     kOptional},
    {"instances",
     OrNull(WithDefault("0", Integer("The desired instances of a new process "
                                     "on this server; later only scaling "
                                     "changes them.",
                                     "1", 0, stacks::kMaxInstances))),
     kOptional},
};
constexpr Schema kProcessSchema = Object(
    "ProcessDefinition", "A process of a stack, as defined.", kProcessFields);

constexpr Field kName = {"name",
                         {.description = "1 to 64 bytes, without control "
                                         "characters.",
                          .min = 1,
                          .max = stacks::kMaxNameBytes,
                          .example = "shop"}};
constexpr Field kEnvironment = {"environment",
                                OrNull({.description = "At most 64 such bytes.",
                                        .max = stacks::kMaxNameBytes,
                                        .example = "production"}),
                                kOptional};
constexpr Field kProcfile = {
    "procfile", String("The text of a Procfile: lines `NAME: COMMAND`.",
                       "web: bin/web\nworker: bin/work\n")};
constexpr Field kProcesses = {"processes",
                              Array("The processes.", kProcessSchema)};

constexpr Field kFieldsWithProcfile[] = {kName, kEnvironment, kProcfile};
constexpr Field kFieldsWithProcesses[] = {kName, kEnvironment, kProcesses};
constexpr Schema kWithProcfile =
    Object("StackFromProcfile", "A stack, by the text of a Procfile.",
           kFieldsWithProcfile);
constexpr Schema kWithProcesses = Object(
    "StackFromProcesses", "A stack, by its processes.", kFieldsWithProcesses);

// A path to a Procfile, in a file of stacks.
constexpr std::string_view kProcfilePath = "procfile_path";

// The keys of a stack, for messages.
std::string StackKeys(bool is_in_file) {
  return absl::StrCat(FieldNames(kWithProcfile), ", ",
                      is_in_file ? absl::StrCat(kProcfilePath, ", ") : "",
                      kProcesses.name);
}

// `status` with `prefix` before its message.
absl::Status WithPrefix(std::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, status.message()));
}

absl::Status Missing(std::string_view place) {
  return absl::InvalidArgumentError(absl::StrCat(place, ": is missing"));
}

absl::Status ReadEnvironment(std::string_view place, const Json& value,
                             std::map<std::string, std::string>& env) {
  if (!value.is_object()) {
    return WrongType(place, "an object of strings", value);
  }
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string()) {
      return WrongType(absl::StrCat(place, "[", base::Quote(name), "]"),
                       "a string", text);
    }
    env[name] = text.get_ref<const std::string&>();
  }
  return absl::OkStatus();
}

absl::Status ReadStopSequence(std::string_view place, const Json& value,
                              stacks::StopSequence& sequence) {
  std::string text;
  if (absl::Status read = ReadString(place, value, text); !read.ok()) {
    return read;
  }
  absl::StatusOr<stacks::StopSequence> parsed =
      stacks::StopSequence::Parse(text);
  if (!parsed.ok()) {
    return WithPrefix(absl::StrCat(place, ": "), parsed.status());
  }
  sequence = *std::move(parsed);
  return absl::OkStatus();
}

absl::Status ReadOptionalInteger(std::string_view place, const Json& value,
                                 std::optional<int64_t>& number) {
  return ReadInteger(place, value, number.emplace());
}

// `prefix` is the place of `process`, such as "processes[0].".
absl::Status ReadProcessMember(std::string_view prefix, std::string_view key,
                               const Json& value, ProcessDefinition& process) {
  const std::string place = absl::StrCat(prefix, key);
  if (key == "name") return ReadString(place, value, process.name);
  if (key == "command") return ReadString(place, value, process.command);
  if (key == "directory") return ReadString(place, value, process.directory);
  if (key == "env") return ReadEnvironment(place, value, process.env);
  if (key == "user") return ReadString(place, value, process.user);
  if (key == "stop_sequence") {
    return ReadStopSequence(place, value, process.stop_sequence);
  }
  if (key == "max_instances") {
    return ReadInteger(place, value, process.max_instances);
  }
  if (key == "cpu") return ReadOptionalInteger(place, value, process.cpu);
  if (key == "memory") return ReadOptionalInteger(place, value, process.memory);
  if (key == "nofile") return ReadOptionalInteger(place, value, process.nofile);
  if (key == "instances") return ReadInteger(place, value, process.instances);
  return UnknownKey(prefix, key, FieldNames(kProcessSchema));
}

bool HasMember(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  return member != object.end() && !member->is_null();
}

absl::StatusOr<std::vector<ProcessDefinition>> ReadProcesses(
    std::string_view place, const Json& value) {
  if (!value.is_array()) return WrongType(place, "a list of objects", value);
  std::vector<ProcessDefinition> processes;
  processes.reserve(value.size());
  for (const Json& item : value) {
    const std::string item_place =
        absl::StrCat(place, "[", processes.size(), "]");
    if (!item.is_object()) return WrongType(item_place, "an object", item);
    const std::string prefix = absl::StrCat(item_place, ".");
    ProcessDefinition process;
    for (const auto& [key, member] : item.items()) {
      if (member.is_null()) continue;
      absl::Status read = ReadProcessMember(prefix, key, member, process);
      if (!read.ok()) return read;
    }
    for (const std::string_view key : {"name", "command"}) {
      if (!HasMember(item, key)) return Missing(absl::StrCat(prefix, key));
    }
    processes.push_back(std::move(process));
  }
  return processes;
}

// Reads one stack.
class StackReader {
 public:
  // `prefix` begins the places of the members: "" or "stacks[1].".
  // procfile_path is allowed if `read_file` is set.
  StackReader(std::string_view prefix, std::optional<ReadFile> read_file)
      : prefix_(prefix), read_file_(read_file) {}

  absl::StatusOr<StackDefinition> Read(const Json& object) {
    StackDefinition stack;
    int sources = 0;
    for (const auto& [key, value] : object.items()) {
      if (value.is_null()) continue;
      absl::StatusOr<bool> is_source = ReadMember(key, value, stack);
      if (!is_source.ok()) return is_source.status();
      if (*is_source) ++sources;
    }
    if (!HasMember(object, "name")) return Missing(PlaceOf("name"));
    if (sources != 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          PlaceOf("processes"),
          sources == 0 ? ": is missing" : ": is given twice", "; give either ",
          read_file_ ? "procfile, procfile_path" : "procfile",
          " or processes"));
    }
    return stack;
  }

 private:
  std::string PlaceOf(std::string_view key) const {
    return absl::StrCat(prefix_, key);
  }

  // Returns whether the member defines the processes.
  absl::StatusOr<bool> ReadMember(std::string_view key, const Json& value,
                                  StackDefinition& stack) {
    if (key == "name" || key == "environment") {
      absl::Status read = ReadString(
          PlaceOf(key), value, key == "name" ? stack.name : stack.environment);
      if (!read.ok()) return read;
      return false;
    }
    const bool is_path = key == kProcfilePath && read_file_.has_value();
    if (key != "procfile" && key != "processes" && !is_path) {
      return UnknownKey(prefix_, key, StackKeys(read_file_.has_value()));
    }
    absl::StatusOr<std::vector<ProcessDefinition>> processes =
        key == "processes" ? ReadProcesses(PlaceOf(key), value)
                           : ReadProcfile(PlaceOf(key), value, is_path);
    if (!processes.ok()) return processes.status();
    stack.processes = *std::move(processes);
    return true;
  }

  absl::StatusOr<std::vector<ProcessDefinition>> ReadProcfile(
      std::string_view place, const Json& value, bool is_path) {
    std::string text;
    if (absl::Status read = ReadString(place, value, text); !read.ok()) {
      return read;
    }
    std::string prefix = absl::StrCat(place, ": ");
    if (is_path) {
      absl::StatusOr<std::string> contents = (*read_file_)(text);
      if (!contents.ok()) return WithPrefix(prefix, contents.status());
      absl::StrAppend(&prefix, base::Quote(text), ": ");
      text = *std::move(contents);
    }
    absl::StatusOr<std::vector<ProcessDefinition>> processes =
        stacks::ParseProcfile(text);
    if (!processes.ok()) return WithPrefix(prefix, processes.status());
    return processes;
  }

  const std::string prefix_;
  const std::optional<ReadFile> read_file_;
};

}  // namespace

constexpr Schema kStackDefinitionSchema = Either(
    kWithProcfile, kWithProcesses, "A stack: either procfile or processes.");

absl::StatusOr<StackDefinition> ParseStackDefinition(std::string_view body) {
  absl::StatusOr<Json> json = ParseJsonObject(body);
  if (!json.ok()) return json.status();
  absl::StatusOr<StackDefinition> stack =
      StackReader(/*prefix=*/"", std::nullopt).Read(*json);
  if (!stack.ok()) return stack.status();
  if (absl::Status valid = stacks::Validate(*stack); !valid.ok()) return valid;
  return stack;
}

absl::StatusOr<std::vector<StackDefinition>> ParseStacksFile(
    std::string_view text, ReadFile read_file) {
  absl::StatusOr<Json> json = ParseJsonObject(text, "the file");
  if (!json.ok()) return json.status();
  for (const auto& [key, value] : json->items()) {
    if (key != "stacks") return UnknownKey("", key, "stacks");
  }
  const auto list = json->find("stacks");
  if (list == json->end()) return Missing("stacks");
  if (!list->is_array()) return WrongType("stacks", "a list of objects", *list);

  std::vector<StackDefinition> all;
  all.reserve(list->size());
  absl::flat_hash_map<std::pair<std::string, std::string>, size_t> positions;
  for (const Json& item : *list) {
    const std::string place = absl::StrCat("stacks[", all.size(), "]");
    if (!item.is_object()) return WrongType(place, "an object", item);
    absl::StatusOr<StackDefinition> stack =
        StackReader(absl::StrCat(place, "."), read_file).Read(item);
    if (!stack.ok()) return stack.status();
    if (absl::Status valid = stacks::Validate(*stack); !valid.ok()) {
      return WithPrefix(absl::StrCat(place, ": "), valid);
    }
    const auto [first, is_new] = positions.try_emplace(
        std::pair(stack->name, stack->environment), all.size());
    if (!is_new) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ".name: ", base::Quote(stack->name),
                       " in environment ", base::Quote(stack->environment),
                       " is defined already by stacks[", first->second, "]"));
    }
    all.push_back(*std::move(stack));
  }
  return all;
}

}  // namespace tallyman::api
