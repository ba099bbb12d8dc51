// Fixtures for tests of SqliteRegistry: a registry in a file, which can be
// closed and opened again.

#ifndef TALLYMAN_STACKS_REGISTRY_TESTING_SQLITE_REGISTRY_FIXTURE_H_
#define TALLYMAN_STACKS_REGISTRY_TESTING_SQLITE_REGISTRY_FIXTURE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "stacks/model/definition.h"
#include "stacks/model/event.h"
#include "stacks/model/registry.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "storage/testing/test_database.h"

namespace tallyman::stacks {

// With a fraction of a second, to test that it is kept.
inline const absl::Time kNow =
    absl::FromUnixSeconds(1'600'000'000) + absl::Nanoseconds(123'456'789);
inline constexpr std::string_view kServer = "11111111111111111111111111111111";
inline constexpr std::string_view kOther = "22222222222222222222222222222222";

class SqliteRegistryFixture : public testing::Test {
 protected:
  void SetUp() override {
    Reopen();
    AddServer(kServer, "web-1");
  }

  void Reopen(const SqliteRegistryOptions& options = {}) {
    registry_.reset();
    events_.reset();
    db_.Reopen();
    auto events = EventLog::Open(*db_, {});
    ASSERT_TRUE(events.ok()) << events.status();
    events_ = *std::move(events);
    auto registry = SqliteRegistry::Open(*db_, *events_, options);
    ASSERT_TRUE(registry.ok()) << registry.status();
    registry_ = *std::move(registry);
  }

  void AddServer(std::string_view uid, std::string_view name) {
    absl::Status put = registry_->PutServer({.uid = std::string(uid),
                                             .name = std::string(name),
                                             .address = "192.0.2.1",
                                             .created_at = kNow,
                                             .updated_at = kNow});
    ASSERT_TRUE(put.ok()) << put;
  }

  static ProcessDefinition Process(std::string_view name,
                                   std::string_view command = "sleep 1000") {
    ProcessDefinition definition;
    definition.name = std::string(name);
    definition.command = std::string(command);
    return definition;
  }

  static StackDefinition Shop() {
    return {.name = "shop",
            .environment = "production",
            .processes = {Process("web"), Process("worker")}};
  }

  static Origin By(std::string_view user, absl::Time now = kNow) {
    return {.user = std::string(user), .now = now};
  }

  static Origin WithKey(std::string_view key, std::string_view fingerprint,
                        absl::Time now = kNow) {
    return {.user = "deploy",
            .now = now,
            .idempotency_key = std::string(key),
            .fingerprint = std::string(fingerprint)};
  }

  // Returns the uid.
  std::string Create(const StackDefinition& definition) {
    auto stack = registry_->CreateStack(definition, kServer, By("deploy"));
    EXPECT_TRUE(stack.ok()) << stack.status();
    return stack.ok() ? (*stack)->uid : "";
  }

  static ScaleCommand To(std::string_view stack_uid, std::string_view process,
                         int64_t count, std::string_view server = kServer) {
    return {.stack_uid = std::string(stack_uid),
            .process = std::string(process),
            .counts = {{std::string(server), count}}};
  }

  Action Scale(const ScaleCommand& command) {
    auto action = registry_->Scale(command, By("deploy"));
    EXPECT_TRUE(action.ok()) << action.status();
    return action.ok() ? *std::move(action) : Action();
  }

  Action Get(std::string_view stack_uid, int64_t id) {
    auto action = registry_->GetAction(stack_uid, id);
    EXPECT_TRUE(action.ok()) << action.status();
    return action.ok() ? **action : Action();
  }

  void Report(const TargetOutcome& outcome, absl::Time now = kNow) {
    absl::Status reported = registry_->ReportOutcomes({outcome}, now);
    EXPECT_TRUE(reported.ok()) << reported;
  }

  std::shared_ptr<const DesiredProcess> Desired(std::string_view stack_uid,
                                                std::string_view process) {
    const auto snapshot = registry_->Snapshot();
    const Stack* stack = snapshot->FindStack(stack_uid);
    if (stack == nullptr) return nullptr;
    for (const auto& desired : stack->processes) {
      if (desired->definition.name == process) return desired;
    }
    return nullptr;
  }

  // The desired count; 0 if the stack, process or server is unknown.
  int64_t Count(std::string_view stack_uid, std::string_view process,
                std::string_view server = kServer) {
    const auto desired = Desired(stack_uid, process);
    if (desired == nullptr) return 0;
    const auto found = desired->servers.find(server);
    return found == desired->servers.end() ? 0 : found->second.count;
  }

  // "KIND USER ACTION: CAUSE" of all events of a stack, oldest first. ACTION is
  // 0 for events without an action.
  std::vector<std::string> Events(std::string_view stack_uid) {
    std::vector<std::string> texts;
    auto page = events_->List(stack_uid, {.page = 1, .per_page = 100});
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return texts;
    texts.reserve(page->events.size());
    for (const Event& event : page->events) {
      texts.push_back(absl::StrCat(EventKindName(event.kind), " ", event.user,
                                   " ", event.action_id, ": ", event.cause));
    }
    std::reverse(texts.begin(), texts.end());
    return texts;
  }

  // All fields of a snapshot, for comparisons.
  static std::string Dump(const RegistrySnapshot& snapshot) {
    std::string text = absl::StrCat("revision ", snapshot.revision, "\n");
    for (const auto& server : snapshot.servers) {
      absl::StrAppend(&text, "server ", server->uid, " ", server->name, " ",
                      server->address, " ",
                      absl::ToUnixNanos(server->created_at), " ",
                      absl::ToUnixNanos(server->updated_at), "\n");
    }
    for (const auto& stack : snapshot.stacks) {
      absl::StrAppend(
          &text, "stack ", stack->id, " ", stack->uid, " ", stack->name, " ",
          stack->environment, " ", absl::ToUnixNanos(stack->created_at), " ",
          absl::ToUnixNanos(stack->updated_at), " ", stack->deleting, "\n");
      for (const auto& process : stack->processes) {
        absl::StrAppend(&text, "  ", process->definition.name, " ",
                        process->md5, " ", process->launch_hash, " ",
                        process->definition.stop_sequence.ToString(), " ",
                        process->definition.max_instances, " ",
                        process->revision, "\n");
        for (const auto& [uid, desired] : process->servers) {
          absl::StrAppend(&text, "    ", uid, " ", desired.count, " ",
                          desired.generation, "\n");
        }
      }
    }
    for (const auto& action : snapshot.open) {
      absl::StrAppend(&text, Dump(*action));
    }
    return text;
  }

  static std::string Dump(const Action& action) {
    std::string text = absl::StrCat(
        "action ", action.id, " ", action.user, " ",
        ActionKindName(action.kind), " ", action.stack_uid, " ",
        action.started_via, " ", absl::ToUnixNanos(action.started_at), " ",
        action.finished_at ? absl::ToUnixNanos(*action.finished_at) : 0, " ",
        action.finished_success, " ", action.finished_message, " ",
        action.signal, "\n");
    for (const ActionTarget& target : action.targets) {
      absl::StrAppend(&text, "  ", target.process, " ", target.server_uid, " ",
                      target.count, " ", target.generation, " ",
                      target.instance, " ",
                      target.success ? (*target.success ? "yes" : "no") : "?",
                      " ", target.message, "\n");
    }
    return text;
  }

  storage::TestDatabase db_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<SqliteRegistry> registry_;
};

// With a second server and the stack Shop(), for tests of its actions.
class ShopFixture : public SqliteRegistryFixture {
 protected:
  void SetUp() override {
    SqliteRegistryFixture::SetUp();
    AddServer(kOther, "web-2");
    uid_ = Create(Shop());
  }

  static TargetOutcome Ended(int64_t id, std::string_view process, bool success,
                             std::string_view message = "",
                             std::string_view server = kServer) {
    return {.action_id = id,
            .process = std::string(process),
            .server_uid = std::string(server),
            .success = success,
            .message = std::string(message)};
  }

  Action Run(ActionKind kind, std::string_view process = "",
             std::string_view server = "") {
    auto action = registry_->Run({.kind = kind,
                                  .stack_uid = uid_,
                                  .process = std::string(process),
                                  .server_uid = std::string(server)},
                                 By("deploy"));
    EXPECT_TRUE(action.ok()) << action.status();
    return action.ok() ? *std::move(action) : Action();
  }

  std::string uid_;  // Of Shop().
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_REGISTRY_TESTING_SQLITE_REGISTRY_FIXTURE_H_
