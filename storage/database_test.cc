#include "storage/database.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "platform/testing/temp_directory.h"
#include "storage/connection.h"
#include "storage/storage_error.h"
#include "storage/testing/test_database.h"

namespace tallyman::storage {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Tests how a file is opened, so it opens its databases itself.
class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Open() {
    absl::StatusOr<std::unique_ptr<Database>> db =
        Database::Open(path_, {.busy_timeout = absl::ZeroDuration()});
    EXPECT_TRUE(db.ok()) << db.status();
    return db.ok() ? *std::move(db) : nullptr;
  }

  // A database with the table t (id, value).
  std::unique_ptr<Database> OpenWithTable() {
    std::unique_ptr<Database> db = Open();
    Execute(*db,
            "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, value ANY)");
    return db;
  }

  absl::Status OpenError(const std::string& path) {
    return Database::Open(path, {}).status();
  }

  platform::TempDirectory directory_;
  const std::string root_ = directory_.path();
  const std::string path_ = absl::StrCat(root_, "/test.db");
};

absl::Status Insert(Connection& connection, int64_t id) {
  absl::StatusOr<Statement> insert =
      connection.Prepare("INSERT INTO t (id, value) VALUES (?1, 'v')");
  if (!insert.ok()) return insert.status();
  return insert->Bind(1, id).Run();
}

int64_t CountRows(Database& db) {
  return ReadInt64(db, "SELECT count(*) FROM t");
}

TEST_F(DatabaseTest, ANewFileIsForTheOwnerOnly) {
  std::unique_ptr<Database> db = OpenWithTable();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info;
    ASSERT_EQ(stat(absl::StrCat(path_, suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 07777, 0600u) << suffix;
  }
}

TEST_F(DatabaseTest, AnExistingFileLosesThePermissionsOfOthers) {
  OpenWithTable();
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  Open();
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(DatabaseTest, CommittedRowsSurviveReopening) {
  {
    std::unique_ptr<Database> db = OpenWithTable();
    ASSERT_TRUE(db->Write([](Connection& c) { return Insert(c, 1); }).ok());
  }
  EXPECT_EQ(CountRows(*Open()), 1);
}

TEST_F(DatabaseTest, CommittedRowsSurviveSigkill) {
  OpenWithTable();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto db = Database::Open(path_, {});
    if (!db.ok()) _exit(1);
    if (!(*db)->Write([](Connection& c) { return Insert(c, 7); }).ok()) {
      _exit(1);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(CountRows(*Open()), 1);
}

TEST_F(DatabaseTest, AFailedBodyChangesNothing) {
  std::unique_ptr<Database> db = OpenWithTable();
  const absl::Status status = db->Write([](Connection& c) {
    EXPECT_TRUE(Insert(c, 1).ok());
    return absl::AbortedError("changed my mind");
  });
  EXPECT_EQ(status, absl::AbortedError("changed my mind"));
  EXPECT_EQ(CountRows(*db), 0);
  EXPECT_TRUE(db->Write([](Connection& c) { return Insert(c, 1); }).ok());
}

TEST_F(DatabaseTest, ABodyMustNotEndTheTransaction) {
  std::unique_ptr<Database> db = OpenWithTable();
  const absl::Status status =
      db->Write([](Connection& c) { return c.Execute("ROLLBACK"); });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(db->Write([](Connection& c) { return Insert(c, 1); }).ok());
}

TEST_F(DatabaseTest, ReadCannotChangeAnything) {
  std::unique_ptr<Database> db = OpenWithTable();
  EXPECT_FALSE(db->Read([](Connection& c) { return Insert(c, 1); }).ok());
  EXPECT_EQ(CountRows(*db), 0);
}

TEST_F(DatabaseTest, AReadDuringAWriteSeesTheStateBefore) {
  std::unique_ptr<Database> db = OpenWithTable();
  const absl::Status outer = db->Write([&](Connection& c) {
    EXPECT_TRUE(Insert(c, 1).ok());
    EXPECT_EQ(CountRows(*db), 0);  // Not committed; and no deadlock.
    return absl::OkStatus();
  });
  EXPECT_TRUE(outer.ok()) << outer;
  EXPECT_EQ(CountRows(*db), 1);
}

TEST_F(DatabaseTest, ALockOfAnotherProgramIsUnavailable) {
  std::unique_ptr<Database> db = OpenWithTable();
  std::unique_ptr<Database> other = Open();
  const absl::Status status = other->Write([&](Connection&) {
    const absl::Status inner =
        db->Write([](Connection& c) { return Insert(c, 1); });
    EXPECT_EQ(inner.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(IsStorageError(inner));
    EXPECT_THAT(std::string(inner.message()), HasSubstr("another program"));
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(db->Write([](Connection& c) { return Insert(c, 1); }).ok());
}

TEST_F(DatabaseTest, AFullDatabaseIsUnavailableAndKeepsItsRows) {
  std::unique_ptr<Database> db = OpenWithTable();
  ASSERT_TRUE(db->Write([](Connection& c) { return Insert(c, 1); }).ok());
  const absl::Status status = db->Write([](Connection& c) -> absl::Status {
    // The same error as that of a full disk.
    if (auto s = c.Execute("PRAGMA max_page_count = 1"); !s.ok()) return s;
    return c.Execute("INSERT INTO t (id, value) VALUES (2, zeroblob(1000000))");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_TRUE(IsStorageError(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("full"));
  EXPECT_EQ(CountRows(*db), 1);
}

TEST_F(DatabaseTest, WritersOnManyThreadsTakeTurns) {
  std::unique_ptr<Database> db = OpenWithTable();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&db, thread] {
      for (int i = 0; i < 25; ++i) {
        const int64_t id = thread * 100 + i;
        EXPECT_TRUE(
            db->Write([id](Connection& c) { return Insert(c, id); }).ok());
        EXPECT_GE(CountRows(*db), i + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(CountRows(*db), 100);
}

TEST_F(DatabaseTest, NamesThatAreSpecialToSqliteAreFiles) {
  ASSERT_EQ(chdir(root_.c_str()), 0);
  for (const char* name : {":memory:", "file:x?mode=memory"}) {
    ASSERT_TRUE(Database::Open(name, {}).ok());
    struct stat info;
    EXPECT_EQ(stat(name, &info), 0) << name;
  }
}

TEST_F(DatabaseTest, NamesAPathThatIsNoFile) {
  EXPECT_EQ(OpenError("").code(), absl::StatusCode::kInvalidArgument);

  absl::Status status = OpenError(root_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(root_), HasSubstr("is a directory")));

  const std::string below = absl::StrCat(root_, "/none/test.db");
  status = OpenError(below);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(below));
}

TEST_F(DatabaseTest, NamesAnUnreadableFile) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  OpenWithTable();
  ASSERT_EQ(chmod(path_.c_str(), 0200), 0);
  const absl::Status status = OpenError(path_);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

TEST_F(DatabaseTest, AFileWithOtherContentsIsDataLoss) {
  std::ofstream(path_) << std::string(5000, 'x');
  const absl::Status status = OpenError(path_);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("file is not a database"),
                    HasSubstr("backup")));
}

TEST_F(DatabaseTest, ACorruptFileIsDataLoss) {
  {
    std::unique_ptr<Database> db = OpenWithTable();
    ASSERT_TRUE(db->Write([](Connection& c) -> absl::Status {
                    for (int64_t i = 0; i < 2000; ++i) {
                      if (auto s = Insert(c, i); !s.ok()) return s;
                    }
                    return absl::OkStatus();
                  }).ok());
  }
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(std::streamoff{2} * 4096);  // a page of the table
  file << std::string(2000, '\x5a');
  file.close();
  const absl::Status status = OpenError(path_);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
}

TEST_F(DatabaseTest, AnEmptyFileBecomesADatabase) {
  std::ofstream(path_).close();
  EXPECT_EQ(CountRows(*OpenWithTable()), 0);
}

}  // namespace
}  // namespace tallyman::storage
