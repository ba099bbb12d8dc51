#include "stacks/registry/registry_preview.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/preview.h"
#include "stacks/model/registry.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/registry/sqlite_registry.h"
#include "stacks/registry/testing/sqlite_registry_fixture.h"

namespace tallyman::stacks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RegistryPreviewTest : public ShopFixture {
 protected:
  // "web changed command,env: web-1 2->4 +2 -0 ~2", one line a process.
  std::vector<std::string> Lines(const Preview& preview) {
    const auto snapshot = registry_->Snapshot();
    std::vector<std::string> lines;
    for (const ProcessPreview& process : preview.processes) {
      std::string line =
          absl::StrCat(process.name, " ", ProcessChangeName(process.change),
                       " ", absl::StrJoin(process.fields, ","), ":");
      for (const ServerPreview& server : process.servers) {
        absl::StrAppend(&line, " ", snapshot->ServerName(server.server_uid),
                        " ", server.desired_before, "->", server.desired, " +",
                        server.start, " -", server.stop, " ~", server.restart);
      }
      lines.push_back(line);
    }
    return lines;
  }

  Preview Replaced(const StackDefinition& definition) {
    auto preview =
        PreviewReplace(registry_->Snapshot(), uid_, definition, kServer);
    EXPECT_TRUE(preview.ok()) << preview.status();
    return preview.ok() ? *preview : Preview();
  }
};

TEST_F(RegistryPreviewTest, AScaleSaysWhatStartsAndStops) {
  Scale(To(uid_, "web", 2));
  Scale(To(uid_, "web", 3, kOther));
  const auto before = registry_->Snapshot();
  const std::vector<std::string> events = Events(uid_);
  ScaleCommand command = To(uid_, "web", 4);
  command.counts.emplace_back(kOther, 1);
  const auto preview = PreviewScale(before, command);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->stack->uid, uid_);
  EXPECT_FALSE(preview->stack->deleting);
  EXPECT_THAT(Lines(*preview),
              ElementsAre(testing::AnyOf(
                  "web none : web-1 2->4 +2 -0 ~0 web-2 3->1 +0 -2 ~0",
                  "web none : web-2 3->1 +0 -2 ~0 web-1 2->4 +2 -0 ~0")));
  // The two scales above are open.
  EXPECT_THAT(preview->superseded, ElementsAre(1, 2));
  EXPECT_THAT(Lines(*PreviewScale(before, To(uid_, "web", 2))),
              ElementsAre("web none : web-1 2->2 +0 -0 ~0"));
  EXPECT_EQ(registry_->Snapshot(), before);
  EXPECT_EQ(Events(uid_), events);
}

TEST_F(RegistryPreviewTest, AReplacementNamesTheFieldsThatDiffer) {
  Scale(To(uid_, "web", 2));
  Scale(To(uid_, "worker", 1));
  const std::vector<
      std::pair<std::string, std::function<void(ProcessDefinition&)>>>
      changes = {
          {"command", [](auto& web) { web.command = "x"; }},
          {"directory", [](auto& web) { web.directory = "/x"; }},
          {"env", [](auto& web) { web.env["X"] = "x"; }},
          {"user", [](auto& web) { web.user = "x"; }},
          {"cpu", [](auto& web) { web.cpu = 1; }},
          {"memory", [](auto& web) { web.memory = 1; }},
          {"nofile", [](auto& web) { web.nofile = 99; }},
          {"stop_sequence",
           [](auto& web) {
             web.stop_sequence = StopSequence::Parse("int,1,kill").value();
           }},
          {"max_instances", [](auto& web) { web.max_instances = 9; }},
          {"instances", [](auto& web) { web.instances = 9; }},
      };
  for (const auto& [field, change] : changes) {
    StackDefinition definition = Shop();
    change(definition.processes[0]);
    const Preview preview = Replaced(definition);
    // The last three need no restart.
    const bool restarts = field != "stop_sequence" &&
                          field != "max_instances" && field != "instances";
    EXPECT_THAT(Lines(preview), ElementsAre(absl::StrCat(
                                    "web changed ", field, ":",
                                    restarts ? " web-1 2->2 +0 -0 ~2" : "")));
    EXPECT_THAT(preview.superseded, IsEmpty());
  }
  EXPECT_THAT(Replaced(Shop()).processes, IsEmpty());
}

TEST_F(RegistryPreviewTest, AReplacementIsWhatTheRealOneDoes) {
  Scale(To(uid_, "web", 2));
  StackDefinition definition = {
      .name = "store",
      .environment = "production",
      .processes = {Process("web", "other"), Process("clock")}};
  definition.processes[1].instances = 1;
  Scale(To(uid_, "worker", 3, kOther));
  const Preview preview = Replaced(definition);
  EXPECT_THAT(preview.fields, ElementsAre("name"));
  EXPECT_THAT(Lines(preview),
              ElementsAre("web changed command: web-1 2->2 +0 -0 ~2",
                          "clock added : web-1 0->1 +1 -0 ~0",
                          "worker removed : web-2 3->0 +0 -3 ~0"));
  EXPECT_THAT(preview.superseded, ElementsAre(2));
  const auto real =
      registry_->ReplaceStack(uid_, definition, kServer, By("deploy"));
  ASSERT_TRUE(real.ok()) << real.status();
  ASSERT_EQ((*real)->processes.size(), preview.stack->processes.size());
  for (size_t i = 0; i < (*real)->processes.size(); ++i) {
    EXPECT_EQ((*real)->processes[i]->definition,
              preview.stack->processes[i]->definition);
    EXPECT_EQ((*real)->processes[i]->servers,
              preview.stack->processes[i]->servers);
  }
}

TEST_F(RegistryPreviewTest, ANewStackHasNoUid) {
  StackDefinition definition = Shop();
  definition.name = "other";
  definition.processes[0].instances = 3;
  const auto before = registry_->Snapshot();
  const auto preview = PreviewCreate(before, definition, kServer);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_EQ(preview->stack->uid, "");
  EXPECT_EQ(preview->stack->name, "other");
  EXPECT_THAT(Lines(*preview),
              ElementsAre("web added : web-1 0->3 +3 -0 ~0", "worker added :"));
  EXPECT_EQ(registry_->Snapshot(), before);
}

TEST_F(RegistryPreviewTest, ARemovalStopsEverything) {
  Scale(To(uid_, "web", 2));
  const auto preview = PreviewDelete(registry_->Snapshot(), uid_);
  ASSERT_TRUE(preview.ok()) << preview.status();
  EXPECT_TRUE(preview->stack->deleting);
  EXPECT_THAT(Lines(*preview), ElementsAre("web removed : web-1 2->0 +0 -2 ~0",
                                           "worker removed :"));
  EXPECT_THAT(preview->superseded, ElementsAre(1));
  EXPECT_NE(registry_->Snapshot()->FindStack(uid_), nullptr);
  // Once it is being removed, nothing more changes.
  ASSERT_TRUE(registry_->DeleteStack(uid_, By("deploy")).ok());
  const auto again = PreviewDelete(registry_->Snapshot(), uid_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->processes, IsEmpty());
  EXPECT_THAT(again->superseded, IsEmpty());
}

TEST_F(RegistryPreviewTest, ErrorsAreThoseOfTheRealRequests) {
  std::vector<ScaleCommand> scales = {
      To("x", "web", 1), To(uid_, "x", 1), To(uid_, "web", 1, "x"),
      To(uid_, "web", -1), To(uid_, "web", 1001)};
  scales.push_back(To(uid_, "web", 1));
  scales.back().expected_revision = 999;
  for (const ScaleCommand& command : scales) {
    const absl::Status real = registry_->Scale(command, By("x")).status();
    EXPECT_FALSE(real.ok());
    EXPECT_EQ(PreviewScale(registry_->Snapshot(), command).status(), real);
  }
  StackDefinition invalid = Shop();
  invalid.processes.push_back(Process("web"));
  for (const StackDefinition& definition : {Shop(), invalid}) {
    const absl::Status real =
        registry_->CreateStack(definition, kServer, By("x")).status();
    EXPECT_FALSE(real.ok());
    EXPECT_EQ(
        PreviewCreate(registry_->Snapshot(), definition, kServer).status(),
        real);
  }
  for (const std::string_view uid :
       {std::string_view(uid_), std::string_view("x")}) {
    const absl::Status real =
        registry_->ReplaceStack(uid, invalid, kServer, By("x")).status();
    EXPECT_FALSE(real.ok());
    EXPECT_EQ(
        PreviewReplace(registry_->Snapshot(), uid, invalid, kServer).status(),
        real);
  }
  EXPECT_EQ(PreviewDelete(registry_->Snapshot(), "x").status(),
            registry_->DeleteStack("x", By("x")).status());
  ASSERT_TRUE(registry_->DeleteStack(uid_, By("x")).ok());
  EXPECT_THAT(PreviewScale(registry_->Snapshot(), To(uid_, "web", 1))
                  .status()
                  .message(),
              HasSubstr("is being removed"));
}

}  // namespace
}  // namespace tallyman::stacks
