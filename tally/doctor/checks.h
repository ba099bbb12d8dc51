// Judges what was read of a server and its machine: what is wrong, and how to
// mend it. Pure functions, thread-safe.
//
// The remedies are those of docs/operations.md.
//
// Example: tally/doctor/checks_test.cc

#ifndef TALLYMAN_TALLY_DOCTOR_CHECKS_H_
#define TALLYMAN_TALLY_DOCTOR_CHECKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tally/doctor/facts.h"

namespace tallyman::tally {

enum class Verdict {
  kOk,
  kWarning,  // Works, but not all of it, or not always.
  kProblem,  // Does not work, or loses something.
  kSkipped   // Not known; the text says why.
};

// "ok", "warning", "problem", "skipped".
std::string_view VerdictName(Verdict verdict);

struct Finding {
  std::string_view check;  // "descriptors"; static text.
  Verdict verdict = Verdict::kOk;
  std::string text;
  std::string remedy = {};  // "" unless it is a warning or a problem.
};

// All findings, in the order of the output; one for each check.
std::vector<Finding> Examine(const Facts& facts);

// The single checks.
Finding CheckServer(const Facts& facts);
Finding CheckToken(const Facts& facts);
Finding CheckClock(const Facts& facts);
Finding CheckKernel(const Facts& facts);
Finding CheckRights(const Facts& facts);
Finding CheckHidepid(const Facts& facts);
Finding CheckCgroups(const Facts& facts);
Finding CheckUnit(const Facts& facts);
Finding CheckDescriptors(const Facts& facts);
Finding CheckTasks(const Facts& facts);
Finding CheckCoreFiles(const Facts& facts);
Finding CheckListening(const Facts& facts);
Finding CheckDataDirectory(const Facts& facts);
Finding CheckDiskSpace(const Facts& facts);
Finding CheckConfiguration(const Facts& facts);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_DOCTOR_CHECKS_H_
