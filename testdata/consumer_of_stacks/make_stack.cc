// A program in another workspace: takes //auth, //stacks and //storage.
//
//   make_stack DATABASE
//
// Opens the database, which may be new, makes a token and a stack, and prints
// both.

#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/clock.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "stacks/model/definition.h"
#include "stacks/model/registry.h"
#include "stacks/registry/event_log.h"
#include "stacks/registry/sqlite_registry.h"
#include "storage/database.h"

namespace {

using ::tallyman::auth::NewToken;
using ::tallyman::auth::Scope;
using ::tallyman::auth::SqliteTokenStore;
using ::tallyman::auth::SystemClock;
using ::tallyman::stacks::EventLog;
using ::tallyman::stacks::SqliteRegistry;
using ::tallyman::stacks::Stack;
using ::tallyman::storage::Database;

constexpr char kServerUid[] = "e63e859d5ab72b0bcf14321f0ffb013d";

absl::Status MakeToken(Database& database) {
  const absl::StatusOr<std::unique_ptr<SqliteTokenStore>> tokens =
      SqliteTokenStore::Open(database, SystemClock(), {});
  if (!tokens.ok()) return tokens.status();
  const absl::StatusOr<NewToken> token =
      (*tokens)->Create({.name = "consumer", .scopes = Scope::kAdmin});
  if (!token.ok()) return token.status();
  std::printf("token %s\n", std::string(token->value.Reveal()).c_str());
  return absl::OkStatus();
}

absl::Status MakeStack(Database& database) {
  const absl::StatusOr<std::unique_ptr<EventLog>> events =
      EventLog::Open(database, {});
  if (!events.ok()) return events.status();
  const absl::StatusOr<std::unique_ptr<SqliteRegistry>> registry =
      SqliteRegistry::Open(database, **events);
  if (!registry.ok()) return registry.status();
  const absl::Time now = SystemClock().Now();
  const absl::Status put = (*registry)->PutServer({.uid = kServerUid,
                                                   .name = "here",
                                                   .address = "127.0.0.1",
                                                   .created_at = now,
                                                   .updated_at = now});
  if (!put.ok()) return put;
  const absl::StatusOr<std::shared_ptr<const Stack>> stack =
      (*registry)->CreateStack(
          {.name = "shop",
           .environment = "test",
           .processes = {{.name = "web", .command = "sleep 1000"}}},
          kServerUid, {.now = SystemClock().Now()});
  if (!stack.ok()) return stack.status();
  std::printf("stack %s %s\n", (*stack)->uid.c_str(), (*stack)->name.c_str());
  for (const auto& process : (*stack)->processes) {
    std::printf("process %s: %s\n", process->definition.name.c_str(),
                process->definition.command.c_str());
  }
  return absl::OkStatus();
}

absl::Status Run(const char* path) {
  const absl::StatusOr<std::unique_ptr<Database>> database =
      Database::Open(path, {});
  if (!database.ok()) return database.status();
  absl::Status status = MakeToken(**database);
  if (status.ok()) status = MakeStack(**database);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_stack DATABASE\n");
    return 2;
  }
  const absl::Status status = Run(argv[1]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "make_stack: %s\n", status.ToString().c_str());
  return 1;
}
