#ifndef MUSTER_BENCH_BOOST_MUTEX_H_
#define MUSTER_BENCH_BOOST_MUTEX_H_

// Boost is headers only and a peer only: where it is not installed its rows are left out.
#if __has_include(<boost/interprocess/sync/interprocess_mutex.hpp>)
#define BENCH_HAS_BOOST 1

#include <boost/interprocess/sync/interprocess_mutex.hpp>

namespace muster::bench {

using BoostMutex = boost::interprocess::interprocess_mutex;

}  // namespace muster::bench

#endif
#endif  // MUSTER_BENCH_BOOST_MUTEX_H_
