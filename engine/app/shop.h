// The shop of the demo: its tables, its workflows and the people who order. The files are those of examples/shop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/db/connection.h"

namespace rowhook {

// examples/shop, by path relative to it.
const std::map<std::string, std::string>& shop_files();

// Makes the tables and the shop's test data (3 products, one order with one item).
void create_shop(Connection& connection);
// What the reference example does to it, statement by statement: order 1 is paid, then shipped; product 1 is down to 3.
std::vector<std::string> shop_changes();

// One thing a customer or the warehouse does: orders, payments, shipping, restocking. `step` counts from 0; the same steps
// give the same shop.
void live_shop_step(Connection& connection, std::uint64_t step);

}  // namespace rowhook
