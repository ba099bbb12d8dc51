// A tree of files in the layout of proc(5), which a test writes.

#ifndef TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_
#define TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tallyman::platform {

// The files of one process; nullopt leaves a file out.
struct ProcFiles {
  std::optional<std::string> status;
  std::optional<std::string> stat;
  std::optional<std::string> statm;
  std::optional<std::string> io;
  std::optional<std::string> cmdline;
  std::optional<std::string> cgroup = std::nullopt;
};

// The files of a process that sleeps, with 2 threads, of user 1000, with 8 MiB
// resident and 9 MiB at its peak, 4096 bytes read and 8192 written, and started
// 500 ticks after boot, in session 1, with the nice value 0, and in the unit
// ordinary.service. `name` is in the kernel's escaped form.
ProcFiles OrdinaryProcess(int32_t pid, std::string_view name,
                          std::string_view arguments);

// A new temporary directory; the destructor removes it.
class ProcTree {
 public:
  ProcTree();
  ~ProcTree();
  ProcTree(const ProcTree&) = delete;
  ProcTree& operator=(const ProcTree&) = delete;

  const std::string& root() const { return root_; }

  // Writes `text` to the file `path` below the root, and creates its
  // directories.
  void Write(const std::string& path, std::string_view text) const;

  // Writes the files of the process `pid`.
  void Add(int32_t pid, const ProcFiles& files) const;

 private:
  std::string root_;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_TESTING_PROC_TREE_H_
