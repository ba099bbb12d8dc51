#include "api/stacks/stack_definition_json.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/stop_sequence.h"

namespace tallyman::api {
namespace {

using stacks::ProcessDefinition;
using stacks::StackDefinition;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void ExpectInvalid(const absl::Status& status, std::string_view message,
                   std::string_view text) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_THAT(std::string(status.message()), StartsWith(std::string(message)))
      << text;
}

TEST(ParseStackDefinitionTest, ReadsAProcfile) {
  const auto stack = ParseStackDefinition(
      R"({"name":"shop","environment":"production",)"
      R"("procfile":"web: bin/web -p 80\nworker: bin/work\n"})");
  ASSERT_TRUE(stack.ok()) << stack.status();
  EXPECT_EQ(*stack,
            (StackDefinition{
                .name = "shop",
                .environment = "production",
                .processes = {{.name = "web", .command = "bin/web -p 80"},
                              {.name = "worker", .command = "bin/work"}}}));
}

TEST(ParseStackDefinitionTest, ReadsAllKeysOfAProcess) {
  const auto stack = ParseStackDefinition(R"({"name":"shop","processes":[
      {"name":"web","command":"bin/web","directory":"/srv/shop",
       "env":{"PORT":"80","EMPTY":""},"user":"shop",
       "stop_sequence":"INT,5","max_instances":10,"cpu":3600,
       "memory":1099511627776,"nofile":1024,"instances":2},
      {"command":"bin/work\nmore","name":"worker","cpu":null,"env":null}]})");
  ASSERT_TRUE(stack.ok()) << stack.status();
  EXPECT_EQ(stack->environment, "");
  ASSERT_EQ(stack->processes.size(), 2u);
  EXPECT_EQ(stack->processes[0],
            (ProcessDefinition{
                .name = "web",
                .command = "bin/web",
                .directory = "/srv/shop",
                .env = {{"PORT", "80"}, {"EMPTY", ""}},
                .user = "shop",
                .stop_sequence = *stacks::StopSequence::Parse("int,5,kill"),
                .max_instances = 10,
                .cpu = 3600,
                .memory = int64_t{1} << 40,
                .nofile = 1024,
                .instances = 2}));
  EXPECT_EQ(stack->processes[1],
            (ProcessDefinition{.name = "worker", .command = "bin/work\nmore"}));
}

TEST(ParseStackDefinitionTest, NullCountsAsAbsent) {
  EXPECT_TRUE(ParseStackDefinition(R"({"name":"a","environment":null,)"
                                   R"("procfile":"a: b","processes":null})")
                  .ok());
}

TEST(ParseStackDefinitionTest, ErrorsNameThePlace) {
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"", "the body is not JSON"},
      {"[]", "the body must be a JSON object, not array"},
      {R"({"name":"a","name":"b","procfile":"a: b"})",
       "the body has the key \"name\" twice"},
      {R"({"procfile":"a: b"})", "name: is missing"},
      {R"({"name":null,"procfile":"a: b"})", "name: is missing"},
      {R"({"name":5})", "name: must be a string, not number"},
      {R"({"name":"a","environment":[]})",
       "environment: must be a string, not array"},
      {R"({"name":"a"})",
       "processes: is missing; give either procfile or processes"},
      {R"({"name":"a","procfile":"a: b","processes":[]})",
       "processes: is given twice; give either procfile or processes"},
      {R"({"name":"a","procfile":"a: b","comment":""})",
       "comment: unknown key; keys are name, environment, procfile, processes"},
      {R"({"name":"a","procfile_path":"Procfile"})",
       "procfile_path: unknown key"},
      {R"({"name":"a","procfile":["a: b"]})",
       "procfile: must be a string, not array"},
      {R"({"name":"a","procfile":"a: b\n\nc d"})",
       "procfile: line 3: there is no colon"},
      {R"({"name":"a","procfile":""})", "procfile: there is no process"},
      {R"({"name":"a","processes":{}})",
       "processes: must be a list of objects, not object"},
      {R"({"name":"a","processes":[]})", "processes is empty"},
      {R"({"name":"a","processes":["x"]})",
       "processes[0]: must be an object, not string"},
      {R"({"name":"a","processes":[{"name":"a","command":"b"},{}]})",
       "processes[1].name: is missing"},
      {R"({"name":"a","processes":[{"name":"a"}]})",
       "processes[0].command: is missing"},
      {R"({"name":"a","processes":[{},{},{"comand":"x"}]})",
       "processes[0].name: is missing"},
      {R"({"name":"a","processes":[{"name":"a","comand":"x"}]})",
       "processes[0].comand: unknown key; keys are name, command, directory, "
       "env, user, stop_sequence, max_instances, cpu, memory, nofile, "
       "instances"},
      {R"({"name":"a","processes":[{"cpu":"1"}]})",
       "processes[0].cpu: must be an integer, not string"},
      {R"({"name":"a","processes":[{"memory":1.5}]})",
       "processes[0].memory: must be an integer, not 1.5"},
      {R"({"name":"a","processes":[{"nofile":true}]})",
       "processes[0].nofile: must be an integer, not boolean"},
      {R"({"name":"a","processes":[{"instances":18446744073709551615}]})",
       "processes[0].instances: must be an integer of at most 64 bits"},
      {R"({"name":"a","processes":[{"max_instances":[]}]})",
       "processes[0].max_instances: must be an integer, not array"},
      {R"({"name":"a","processes":[{"command":["a","b"]}]})",
       "processes[0].command: must be a string, not array"},
      {R"({"name":"a","processes":[{"directory":1}]})",
       "processes[0].directory: must be a string"},
      {R"({"name":"a","processes":[{"user":0}]})",
       "processes[0].user: must be a string"},
      {R"({"name":"a","processes":[{"env":["A=1"]}]})",
       "processes[0].env: must be an object of strings, not array"},
      {R"({"name":"a","processes":[{"env":{"PORT":80}}]})",
       "processes[0].env[\"PORT\"]: must be a string, not number"},
      {R"({"name":"a","processes":[{"stop_sequence":10}]})",
       "processes[0].stop_sequence: must be a string, not number"},
      {R"({"name":"a","processes":[{"stop_sequence":"term,x"}]})",
       "processes[0].stop_sequence: item 2 \"x\" is not a number of seconds"},
      // Errors of stacks::Validate().
      {R"({"name":"","procfile":"a: b"})", "name is empty"},
      {R"({"name":"a","processes":[{"name":"a","command":"b","cpu":0}]})",
       "process \"a\": cpu is 0"},
      {R"({"name":"a","processes":[{"name":"a/b","command":"b"}]})",
       "process 1: name \"a/b\" has to be"},
      {R"({"name":"a","processes":[{"name":"a","command":"b\u0000"}]})",
       "process \"a\": command has a NUL"},
  };
  for (const auto& [body, message] : expected) {
    ExpectInvalid(ParseStackDefinition(body).status(), message, body);
  }
}

// Files in memory, by path.
class ParseStacksFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<StackDefinition>> Parse(std::string_view text) {
    return ParseStacksFile(
        text, [&](std::string_view path) -> absl::StatusOr<std::string> {
          const auto file = files_.find(std::string(path));
          if (file == files_.end()) {
            return absl::NotFoundError(absl::StrCat("no file \"", path, "\""));
          }
          return file->second;
        });
  }

  std::map<std::string, std::string> files_;
};

TEST_F(ParseStacksFileTest, KeepsTheOrderOfStacks) {
  files_["shop/Procfile"] = "web: bin/web\r\nworker: bin/work\r\n";
  const auto stacks = Parse(R"({"stacks":[
      {"name":"shop","environment":"test","procfile_path":"shop/Procfile"},
      {"name":"shop","environment":"production","procfile":"web: bin/web"},
      {"name":"mail","processes":[{"name":"out","command":"bin/out"}]}]})");
  ASSERT_TRUE(stacks.ok()) << stacks.status();
  ASSERT_EQ(stacks->size(), 3u);
  EXPECT_EQ((*stacks)[0].environment, "test");
  EXPECT_EQ((*stacks)[0].processes[1],
            (ProcessDefinition{.name = "worker", .command = "bin/work"}));
  EXPECT_EQ((*stacks)[1].environment, "production");
  EXPECT_EQ((*stacks)[2].processes[0].name, "out");
}

TEST_F(ParseStacksFileTest, AcceptsAnEmptyList) {
  const auto stacks = Parse(R"({"stacks":[]})");
  ASSERT_TRUE(stacks.ok()) << stacks.status();
  EXPECT_THAT(*stacks, IsEmpty());
}

TEST_F(ParseStacksFileTest, ErrorsNameThePlace) {
  files_["bad"] = "web\n";
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"x", "the file is not JSON: wrong at byte 1"},
      {"[]", "the file must be a JSON object, not array"},
      {"{}", "stacks: is missing"},
      {R"({"stack":[]})", "stack: unknown key; keys are stacks"},
      {R"({"stacks":{}})", "stacks: must be a list of objects, not object"},
      {R"({"stacks":[1]})", "stacks[0]: must be an object, not number"},
      {R"({"stacks":[{"name":"a","procfile":"a: b"},{"name":"b","nam":1}]})",
       "stacks[1].nam: unknown key; keys are name, environment, procfile, "
       "procfile_path, processes"},
      {R"({"stacks":[{"procfile":"a: b"}]})", "stacks[0].name: is missing"},
      {R"({"stacks":[{"name":"a"}]})",
       "stacks[0].processes: is missing; give either procfile, procfile_path "
       "or processes"},
      {R"({"stacks":[{"name":"a","procfile":"a: b","procfile_path":"bad"}]})",
       "stacks[0].procfile_path: \"bad\": line 1: there is no colon"},
      {R"({"stacks":[{"name":"a","procfile_path":1}]})",
       "stacks[0].procfile_path: must be a string, not number"},
      {R"({"stacks":[{"name":"a","procfile":"a"}]})",
       "stacks[0].procfile: line 1: there is no colon"},
      {R"({"stacks":[{"name":"a","processes":[{"cpu":"1"}]}]})",
       "stacks[0].processes[0].cpu: must be an integer, not string"},
      {R"({"stacks":[{"name":"\n","procfile":"a: b"}]})",
       "stacks[0]: name has a control character"},
      {R"({"stacks":[{"name":"a","procfile":"a: b"},
                     {"name":"a","environment":"x","procfile":"a: b"},
                     {"name":"a","environment":"","procfile":"c: d"}]})",
       "stacks[2].name: \"a\" in environment \"\" is defined already by "
       "stacks[0]"},
  };
  for (const auto& [text, message] : expected) {
    ExpectInvalid(Parse(text).status(), message, text);
  }
}

TEST_F(ParseStacksFileTest, TheSourceOfProcessesIsGivenOnce) {
  files_["good"] = "web: run\n";
  ExpectInvalid(Parse(R"({"stacks":[{"name":"a","procfile":"a: b",)"
                      R"("procfile_path":"good"}]})")
                    .status(),
                "stacks[0].processes: is given twice", "");
}

TEST_F(ParseStacksFileTest, ErrorsOfReadingKeepTheirCode) {
  const absl::Status status =
      Parse(R"({"stacks":[{"name":"a","procfile_path":"Procfile"}]})").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("stacks[0].procfile_path: no file \"Procfile\""));
}

}  // namespace
}  // namespace tallyman::api
