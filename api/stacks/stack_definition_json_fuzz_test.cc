#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/stacks/stack_definition_json.h"
#include "nlohmann/json.hpp"
#include "stacks/model/definition.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

using stacks::ProcessDefinition;
using stacks::StackDefinition;

nlohmann::json Write(const ProcessDefinition& process) {
  nlohmann::json json = {{"name", process.name},
                         {"command", process.command},
                         {"directory", process.directory},
                         {"env", nlohmann::json::object()},
                         {"user", process.user},
                         {"stop_sequence", process.stop_sequence.ToString()},
                         {"max_instances", process.max_instances},
                         {"cpu", nullptr},
                         {"instances", process.instances}};
  for (const auto& [name, value] : process.env) json["env"][name] = value;
  if (process.cpu) json["cpu"] = *process.cpu;
  if (process.memory) json["memory"] = *process.memory;
  if (process.nofile) json["nofile"] = *process.nofile;
  return json;
}

nlohmann::json Write(const StackDefinition& stack) {
  nlohmann::json json = {{"name", stack.name},
                         {"environment", stack.environment}};
  for (const ProcessDefinition& process : stack.processes) {
    json["processes"].push_back(Write(process));
  }
  return json;
}

void TestHash(const ProcessDefinition& process) {
  const std::string hash = process.LaunchHash();
  CHECK_EQ(hash.size(), 32u);
  ProcessDefinition other = process;
  other.instances += 1;
  CHECK_EQ(other.LaunchHash(), hash);
  other.command += "x";
  CHECK_NE(other.LaunchHash(), hash);
}

void TestStack(std::string_view body) {
  const absl::StatusOr<StackDefinition> stack = ParseStackDefinition(body);
  if (!stack.ok()) {
    fuzz::CheckClientError(stack.status());
    return;
  }
  CHECK_OK(Validate(*stack));
  for (const ProcessDefinition& process : stack->processes) {
    CHECK_EQ(stack->Find(process.name), &process);
    TestHash(process);
  }
  const std::string written = Write(*stack).dump();
  const absl::StatusOr<StackDefinition> again = ParseStackDefinition(written);
  CHECK_OK(again);
  CHECK(*again == *stack) << written;
}

// The path of a Procfile is its contents; there is no file "".
absl::StatusOr<std::string> ReadFile(std::string_view path) {
  if (path.empty()) return absl::NotFoundError("no such file");
  return std::string(path);
}

void TestStacksFile(std::string_view text) {
  const absl::StatusOr<std::vector<StackDefinition>> stacks =
      ParseStacksFile(text, ReadFile);
  if (!stacks.ok()) {
    CHECK(absl::IsNotFound(stacks.status()) ||
          absl::IsInvalidArgument(stacks.status()))
        << stacks.status();
    fuzz::CheckMessage(stacks.status().message());
    return;
  }
  nlohmann::json file = {{"stacks", nlohmann::json::array()}};
  for (const StackDefinition& stack : *stacks) {
    CHECK_OK(Validate(stack));
    for (const StackDefinition& other : *stacks) {
      CHECK(&stack == &other || stack.name != other.name ||
            stack.environment != other.environment);
    }
    file["stacks"].push_back(Write(stack));
  }
  const absl::StatusOr<std::vector<StackDefinition>> again =
      ParseStacksFile(file.dump(), ReadFile);
  CHECK_OK(again);
  CHECK(*again == *stacks) << file.dump();
}

}  // namespace
}  // namespace tallyman::api

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = tallyman::fuzz::Input(data, size).rest();
  tallyman::api::TestStack(text);
  tallyman::api::TestStacksFile(text);
  return 0;
}
