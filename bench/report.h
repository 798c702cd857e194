#ifndef MUSTER_BENCH_REPORT_H_
#define MUSTER_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "muster/bench/duel.h"

namespace muster::bench {

// The results as a table in Markdown, columns aligned for the terminal.
std::string FormatTable(const std::vector<DuelResult>& results);

// The results as a JSON array, one object a line. Names are printed as they are: they must
// not need escapes.
std::string FormatJson(const std::vector<DuelResult>& results);

// Processor, kernel, CPUs in use and the load that others make, one a line.
std::string DescribeMachine();

}  // namespace muster::bench

#endif  // MUSTER_BENCH_REPORT_H_
