// Examples of database.h, connection.h, migrations.h, data_directory.h,
// pagination.h and storage_error.h.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/connection.h"
#include "storage/data_directory.h"
#include "storage/database.h"
#include "storage/migrations.h"
#include "storage/pagination.h"
#include "storage/storage_error.h"

namespace tallyman::storage {
namespace {

// Both have run after Migrate(). A third one goes at the end; these two never
// change once a release has them.
constexpr Migration kMigrations[] = {
    {"create pets", "CREATE TABLE pets (name TEXT PRIMARY KEY) STRICT"},
    {"pets have owners", "ALTER TABLE pets ADD COLUMN owner TEXT"},
};

absl::Status Add(Database& db, std::string_view name) {
  return db.Write([&](Connection& connection) {
    absl::StatusOr<Statement> insert =
        connection.Prepare("INSERT INTO pets (name) VALUES (?1)");
    if (!insert.ok()) return insert.status();
    return insert->Bind(1, name).Run();
  });
}

// NotFound if there is no such pet; then nothing changes.
absl::Status SetOwner(Database& db, std::string_view pet,
                      std::string_view owner) {
  return db.Write([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> update =
        connection.Prepare("UPDATE pets SET owner = ?1 WHERE name = ?2");
    if (!update.ok()) return update.status();
    if (absl::Status run = update->Bind(1, owner).Bind(2, pet).Run();
        !run.ok()) {
      return run;
    }
    if (connection.Changes() == 0) return absl::NotFoundError("no such pet");
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<std::string>> Names(Database& db) {
  std::vector<std::string> names;
  absl::Status read = db.Read([&](Connection& connection) -> absl::Status {
    absl::StatusOr<Statement> pets =
        connection.Prepare("SELECT name FROM pets ORDER BY name");
    if (!pets.ok()) return pets.status();
    while (true) {
      const absl::StatusOr<bool> row = pets->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      names.emplace_back(pets->Text(0));
    }
  });
  if (!read.ok()) return read;
  return names;
}

TEST(DatabaseExample, KeepsPets) {
  const platform::TempDirectory parent;
  // Locked: for one program at a time.
  const absl::StatusOr<DataDirectory> directory =
      DataDirectory::Open(parent.path() + "/zoo");
  ASSERT_TRUE(directory.ok()) << directory.status();
  const absl::StatusOr<std::unique_ptr<Database>> db =
      Database::Open(directory->FilePath("pets.db"), {});
  ASSERT_TRUE(db.ok()) << db.status();
  ASSERT_EQ(Migrate(**db, "zoo", kMigrations), absl::OkStatus());

  EXPECT_EQ(Add(**db, "Rex"), absl::OkStatus());
  EXPECT_EQ(Add(**db, "Bella"), absl::OkStatus());
  EXPECT_EQ(SetOwner(**db, "Rex", "Ada"), absl::OkStatus());
  const absl::StatusOr<std::vector<std::string>> names = Names(**db);
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::vector<std::string>{"Bella", "Rex"}));

  // Errors of SQLite are for the operator: they name the file and the SQL.
  const absl::Status twice = Add(**db, "Rex");
  EXPECT_TRUE(IsStorageError(twice)) << twice;
  const absl::Status missing = SetOwner(**db, "Tom", "Ada");
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_FALSE(IsStorageError(missing));
}

TEST(PaginationExample, CutsAListIntoPages) {
  const std::vector<int> items = {1, 2, 3, 4, 5};
  PageRequest request;  // Of a client.
  request.page = 2;
  request.per_page = 2;
  ASSERT_EQ(Validate(request), absl::OkStatus());
  const PageInfo info = Paginate(request, static_cast<int64_t>(items.size()));
  EXPECT_EQ(
      std::vector<int>(items.begin() + info.begin, items.begin() + info.end),
      (std::vector<int>{3, 4}));
  EXPECT_EQ(info.previous, 1);
  EXPECT_EQ(info.next, 3);
}

}  // namespace
}  // namespace tallyman::storage
