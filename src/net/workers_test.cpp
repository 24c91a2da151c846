#include "net/workers.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

namespace fairlead::net {
namespace {

TEST(Workers, RunEachLoopOnAThreadOfItsOwn) {
  Workers workers(3);
  ASSERT_EQ(workers.size(), 3u);
  workers.start();
  std::set<std::thread::id> threads;
  for (std::size_t i = 0; i < workers.size(); ++i)
    for (int round = 0; round < 2; ++round) {
      std::promise<std::thread::id> thread;
      boost::asio::post(workers.loop(i), [&] { thread.set_value(std::this_thread::get_id()); });
      threads.insert(thread.get_future().get());
    }
  EXPECT_EQ(threads.size(), 3u);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 0u);
}

TEST(Workers, AnExceptionDoesNotEndTheLoop) {
  Workers workers(1);
  workers.start();
  boost::asio::post(workers.loop(0), [] { throw std::runtime_error("from a test"); });
  std::promise<void> done;
  boost::asio::post(workers.loop(0), [&] { done.set_value(); });
  done.get_future().get();
}

TEST(Workers, StopAbandonsPendingWork) {
  Workers workers(0);
  EXPECT_EQ(workers.size(), 1u);
  workers.start();
  workers.stop();
  workers.join();
  bool ran = false;
  boost::asio::post(workers.loop(0), [&] { ran = true; });
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace fairlead::net
