// Counters, gauges and histograms of the engine, in Prometheus' terms. Wraps prometheus-cpp so that its headers stay here.
// Every name starts with rowhook_ and ends in its unit. Look a series up once and keep the reference: look-ups lock.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rowhook {

using Labels = std::map<std::string, std::string>;

// Thread safety: every class here is safe to share; the references stay valid as long as the Metrics.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  virtual double value() const = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual double value() const = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double seconds) = 0;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // Buckets from 0.1 ms to 60 s.
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {});
  // The text exposition format 0.0.4.
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowhook
