// Collects a stack and the notes about it while a file is read. Checks each
// field by the server's rules as it is set, so that one bad line costs only its
// own field.

#ifndef TALLYMAN_TALLY_IMPORT_DRAFT_H_
#define TALLYMAN_TALLY_IMPORT_DRAFT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/redaction/redaction.h"
#include "stacks/model/definition.h"
#include "tally/import/types.h"

namespace tallyman::tally {

// Where a value comes from.
struct Origin {
  std::string file;
  int line = 0;
  std::string key;
};

// The error "FILE:LINE: REASON".
absl::Status InvalidAt(std::string_view file, int line,
                       std::string_view reason);

// The notes of an import; the same one is kept once.
class Notes {
 public:
  void Dropped(const Origin& origin, std::string_view message);
  void Changed(const Origin& origin, std::string_view message);
  void Secret(const Origin& origin, std::string_view message);

  bool empty() const { return notes_.empty(); }
  // Sorted; leaves none.
  std::vector<ImportNote> Take();

 private:
  void Add(ImportNoteKind kind, const Origin& origin, std::string_view message);

  std::vector<ImportNote> notes_;
  std::set<std::string> seen_;
};

// One process. The setters drop a value that the server would refuse, with a
// note at `origin`.
class ProcessDraft {
 public:
  ProcessDraft(std::string name, std::string base_directory,
               const api::Redactor* redactor, Notes* notes);

  const std::string& name() const { return process_.name; }
  bool has_command() const { return !process_.command.empty(); }

  // `command` is a line for sh.
  void SetCommand(const Origin& origin, std::string command);
  // A relative directory is resolved against the base directory.
  void SetDirectory(const Origin& origin, std::string_view directory);
  void SetUser(const Origin& origin, std::string_view user);
  // Notes values that look like a secret.
  void SetVariable(const Origin& origin, std::string_view name,
                   std::string_view value);
  // A variable that differs by instance: the command exports it before the
  // program. `word` is for sh.
  void SetComputedVariable(const Origin& origin, std::string_view name,
                           std::string_view word);
  void SetInstances(const Origin& origin, int64_t instances);
  void SetNofile(const Origin& origin, int64_t nofile);
  // Limit of the address space, in bytes.
  void SetMemory(const Origin& origin, int64_t memory);
  // Limit of processor time, in seconds.
  void SetCpu(const Origin& origin, int64_t cpu);
  // "SIGTERM", "term" or "15".
  void SetStopSignal(const Origin& origin, std::string_view signal);
  void SetStopWait(const Origin& origin, absl::Duration wait);

  bool HasVariable(std::string_view name) const;

  // Valid by stacks::Validate(), if it has a command.
  stacks::ProcessDefinition Finish() const;

 private:
  // Whether the server accepts `probe`, whose other fields are valid.
  bool Accepts(const Origin& origin, const stacks::ProcessDefinition& probe);
  void NoteSecret(const Origin& origin, std::string_view name,
                  std::string_view value);

  const std::string base_directory_;
  const api::Redactor* const redactor_;
  Notes* const notes_;
  stacks::ProcessDefinition process_;
  std::vector<std::string> computed_;  // "NAME=word"
  size_t environment_bytes_ = 0;
};

class StackDraft {
 public:
  // `options` must outlive the draft.
  explicit StackDraft(const ImportOptions& options);

  Notes& notes() { return notes_; }
  const ImportOptions& options() const { return options_; }

  // A new process, with a name that the server accepts and that no other has.
  // Valid until the draft ends. Null, with a note, if the stack is full.
  ProcessDraft* AddProcess(const Origin& origin, std::string_view name);

  // InvalidArgument, with the first note, if no process has a command.
  absl::StatusOr<ImportResult> Finish(std::string_view default_name);

 private:
  const ImportOptions& options_;
  const std::unique_ptr<api::Redactor> redactor_;
  Notes notes_;
  std::deque<ProcessDraft> processes_;
  std::set<std::string> names_;
};

// The last part of a path.
std::string_view BaseName(std::string_view path);

// BaseName() without its extension: "shop" of "/srv/shop.conf".
std::string_view Stem(std::string_view path);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_DRAFT_H_
