// What an import takes and gives. See import.h, which includes this.

#ifndef TALLYMAN_TALLY_IMPORT_TYPES_H_
#define TALLYMAN_TALLY_IMPORT_TYPES_H_

#include <map>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace tallyman::tally {

enum class ImportFormat { kSupervisord, kCompose, kPm2, kSystemd, kProcfile };

struct ImportFile {
  // A path, relative or absolute, for messages and to find the file by its last
  // part or its end ("web.service.d/limits.conf").
  std::string name;
  std::string text;
};

struct ImportOptions {
  // Name of the stack; "" takes one from the files.
  std::string stack_name;
  std::string environment;  // Of the stack; also chooses `env_NAME` of PM2.
  // The absolute folder against which relative paths are resolved. With "" a
  // relative folder is not carried over, with a note.
  std::string base_directory;
  // For `${NAME}` of compose files and `%(ENV_NAME)s` of supervisord.
  std::map<std::string, std::string> variables;
  // Processors of the server, for "max" of PM2; 0 if not known.
  int processors = 0;
};

enum class ImportNoteKind {
  kDropped,  // Not carried over.
  kChanged,  // Carried over by something similar.
  kSecret,   // Carried over as it is, and likely a secret.
};

// A line of the input that needs a look.
struct ImportNote {
  ImportNoteKind kind = ImportNoteKind::kDropped;
  std::string file;  // ImportFile::name.
  int line = 0;      // From 1; of the key, whose value may have more lines.
  // The key as it is in the file, with the keys above it where the format
  // nests: "services.web.ports". "" for a whole file.
  std::string key;
  // The reason and the remedy, in one sentence without secrets. UTF-8 without
  // control characters, as `key`.
  std::string message;

  bool operator==(const ImportNote&) const = default;
};

struct ImportResult {
  // The body of POST /stacks. The server accepts it.
  nlohmann::ordered_json definition;
  std::vector<ImportNote> notes;  // By file, then by line.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_IMPORT_TYPES_H_
