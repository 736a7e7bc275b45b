mod realm_plan;
