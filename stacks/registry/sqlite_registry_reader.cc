#include "stacks/registry/sqlite_registry_reader.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "platform/base/text.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/model/stop_sequence.h"
#include "stacks/registry/registry_draft.h"
#include "stacks/registry/sqlite_action_rows.h"
#include "stacks/registry/sqlite_registry_tables.h"
#include "storage/connection.h"

namespace tallyman::stacks {
namespace {

using storage::Connection;
using storage::Statement;

absl::Status Corrupt(std::string_view subject, std::string_view reason) {
  return absl::DataLossError(absl::StrCat(subject, " can't be read: ", reason));
}

using StacksById = std::map<int64_t, std::shared_ptr<Stack>>;
using DesiredByProcess = std::map<std::pair<int64_t, std::string>,
                                  std::map<std::string, Desired, std::less<>>>;

absl::StatusOr<DesiredByProcess> ReadDesired(Connection& connection) {
  DesiredByProcess all;
  absl::Status read = ForEachRow(
      connection,
      "SELECT stack_id, process, server_uid, count, generation FROM wanted",
      [&](const Statement& row) {
        all[{row.Int64(0), std::string(row.Text(1))}].emplace(
            row.Text(2),
            Desired{.count = row.Int64(3), .generation = row.Int64(4)});
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  return all;
}

absl::StatusOr<ProcessDefinition> ReadDefinition(const Statement& row) {
  ProcessDefinition definition;
  definition.name = std::string(row.Text(1));
  definition.command = std::string(row.Text(3));
  definition.directory = std::string(row.Text(4));
  const auto subject = [&] {
    return absl::StrCat("the process ", base::Quote(definition.name));
  };
  auto env = DecodeEnvironment(row.Bytes(5));
  if (!env.has_value()) return Corrupt(subject(), "its env is broken");
  definition.env = *std::move(env);
  definition.user = std::string(row.Text(6));
  absl::StatusOr<StopSequence> sequence = StopSequence::Parse(row.Text(7));
  if (!sequence.ok()) return Corrupt(subject(), sequence.status().message());
  definition.stop_sequence = *std::move(sequence);
  definition.max_instances = row.Int64(8);
  definition.cpu = row.OptionalInt64(9);
  definition.memory = row.OptionalInt64(10);
  definition.nofile = row.OptionalInt64(11);
  definition.instances = row.Int64(12);
  return definition;
}

absl::Status ReadProcesses(Connection& connection, StacksById& stacks) {
  absl::StatusOr<DesiredByProcess> desired = ReadDesired(connection);
  if (!desired.ok()) return desired.status();
  return ForEachRow(
      connection,
      "SELECT stack_id, name, revision, command, directory, env, user, "
      "stop_sequence, max_instances, cpu, memory, nofile, instances "
      "FROM processes ORDER BY stack_id, position",
      [&](const Statement& row) -> absl::Status {
        absl::StatusOr<ProcessDefinition> definition = ReadDefinition(row);
        if (!definition.ok()) return definition.status();
        auto process = std::make_shared<DesiredProcess>();
        process->definition = *std::move(definition);
        process->md5 = Md5Hex(process->definition.command);
        process->launch_hash = process->definition.LaunchHash();
        process->revision = row.Int64(2);
        const int64_t stack_id = row.Int64(0);
        const std::string& name = process->definition.name;
        if (auto found = desired->find({stack_id, name});
            found != desired->end()) {
          process->servers = std::move(found->second);
        }
        const auto stack = stacks.find(stack_id);
        if (stack == stacks.end()) {
          return Corrupt(absl::StrCat("the process ", base::Quote(name)),
                         absl::StrCat("there is no stack ", stack_id));
        }
        stack->second->processes.push_back(std::move(process));
        return absl::OkStatus();
      });
}

absl::StatusOr<StacksById> ReadStacks(Connection& connection) {
  StacksById stacks;
  absl::Status read = ForEachRow(
      connection,
      "SELECT id, uid, name, environment, created_at, updated_at, deleting "
      "FROM stacks",
      [&](const Statement& row) {
        stacks[row.Int64(0)] = std::make_shared<Stack>(
            Stack{.id = row.Int64(0),
                  .uid = std::string(row.Text(1)),
                  .name = std::string(row.Text(2)),
                  .environment = std::string(row.Text(3)),
                  .created_at = absl::FromUnixNanos(row.Int64(4)),
                  .updated_at = absl::FromUnixNanos(row.Int64(5)),
                  .deleting = row.Int64(6) != 0});
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  if (read = ReadProcesses(connection, stacks); !read.ok()) return read;
  return stacks;
}

absl::Status ReadServers(Connection& connection, RegistrySnapshot& snapshot) {
  return ForEachRow(
      connection,
      "SELECT uid, name, address, created_at, updated_at FROM servers "
      "ORDER BY name",
      [&](const Statement& row) {
        snapshot.servers.push_back(std::make_shared<const Server>(
            Server{.uid = std::string(row.Text(0)),
                   .name = std::string(row.Text(1)),
                   .address = std::string(row.Text(2)),
                   .created_at = absl::FromUnixNanos(row.Int64(3)),
                   .updated_at = absl::FromUnixNanos(row.Int64(4))}));
        return absl::OkStatus();
      });
}

// Numbers that must never be reused.
absl::Status ReadCounters(Connection& connection, RegistryContents& contents) {
  absl::Status read =
      ForEachRow(connection, "SELECT revision FROM registry_meta",
                 [&](const Statement& row) {
                   contents.snapshot.revision = row.Int64(0);
                   return absl::OkStatus();
                 });
  if (!read.ok()) return read;
  // sqlite_sequence has the greatest id that a table ever had
  // (https://www.sqlite.org/autoinc.html).
  return ForEachRow(connection, "SELECT name, seq FROM sqlite_sequence",
                    [&](const Statement& row) {
                      if (row.Text(0) == "stacks") {
                        contents.ids.stack = row.Int64(1);
                      } else if (row.Text(0) == "actions") {
                        contents.ids.action = row.Int64(1);
                      }
                      return absl::OkStatus();
                    });
}

}  // namespace

absl::StatusOr<RegistryContents> ReadRegistry(Connection& connection) {
  RegistryContents contents;
  if (absl::Status read = ReadCounters(connection, contents); !read.ok()) {
    return read;
  }
  if (absl::Status read = ReadServers(connection, contents.snapshot);
      !read.ok()) {
    return read;
  }
  absl::StatusOr<StacksById> stacks = ReadStacks(connection);
  if (!stacks.ok()) return stacks.status();
  contents.snapshot.stacks.reserve(stacks->size());
  for (const auto& [id, stack] : *stacks) {
    contents.snapshot.stacks.push_back(stack);
  }
  auto open = ReadOpenActions(connection);
  if (!open.ok()) return open.status();
  contents.snapshot.open = *std::move(open);
  return contents;
}

}  // namespace tallyman::stacks
