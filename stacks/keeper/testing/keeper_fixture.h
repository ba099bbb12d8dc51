// For tests with real keepers. The test program is its own keeper (see
// keeper_test_main.cc) and a child subreaper (prctl(2)): children of a keeper
// that ends become its own, so that the test can end them.

#ifndef TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_
#define TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "platform/base/unique_fd.h"
#include "platform/held_child.h"
#include "platform/process_handle.h"
#include "platform/testing/temp_directory.h"
#include "stacks/keeper/client.h"
#include "stacks/keeper/protocol.h"

namespace tallyman::stacks {

// The program to start keepers with.
inline constexpr char kThisProgram[] = "/proc/self/exe";

// True once `fd` has one of poll(2)'s `events`; false after 30 s.
bool Await(int fd, int16_t events);

// Reads until the end of the line or file; without the newline.
std::string ReadLine(int fd);

// The parent of `pid` by /proc; 0 if there is no such process.
int32_t ParentOf(int32_t pid);

class KeeperTest : public testing::Test {
 protected:
  struct Launched {
    platform::Gate gate;
    base::UniqueFd output;  // The read end of the child's output.
    platform::ProcessHandle process;
  };

  void SetUp() override;
  // Kills all launched children. Fails unless the keeper then ends by itself
  // and no other child of this process is left.
  void TearDown() override;

  const std::string& directory() const { return directory_; }
  void set_directory(std::string directory) {
    directory_ = std::move(directory);
  }

  // Starts a keeper, with `fault` as TALLYMAN_FAULT.
  void Start(const std::string& fault = "");
  // Makes the keeper that has the lock the one of KillKeeper() and
  // KeeperEnds(), without a connection: a keeper without children ends with its
  // connection.
  void FindKeeper();
  // Connects to the keeper. Null, and the test fails, if that fails.
  std::unique_ptr<KeeperClient> Connect();

  // A spec that runs `script` with sh.
  static platform::LaunchSpec Script(const std::string& script);
  // Spawns a child that waits at its gate. Fails the test if that fails.
  std::optional<Launched> Launch(KeeperClient& client,
                                 const std::string& launch,
                                 const platform::LaunchSpec& spec);
  // Launches `script` and releases it.
  std::optional<Launched> Run(KeeperClient& client, const std::string& launch,
                              const std::string& script);

  // The next message; End stands for a broken connection.
  static keeper::Message Next(KeeperClient& client);
  // The wait status of the next message, if it is an Exited of `launch`;
  // otherwise -1.
  static int32_t NextExit(KeeperClient& client, const std::string& launch);

  // Kills the keeper of the last Connect() or FindKeeper() and waits for its
  // end.
  void KillKeeper();
  // True once the keeper of the last Connect() has ended with the waitpid(2)
  // status `status`.
  bool KeeperEnds(int32_t status);
  // True once this process has reaped its child `pid` with that status.
  static bool ChildEnds(int32_t pid, int32_t status);

 private:
  // Sets keeper_. False, and the test fails, if there is no such process.
  bool Hold(int32_t keeper_pid);
  void ForgetAll();

  const platform::TempDirectory made_directory_;
  std::string directory_ = made_directory_.path();
  std::optional<platform::ProcessHandle> keeper_;
  std::vector<platform::ProcessHandle> launched_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_TESTING_KEEPER_FIXTURE_H_
