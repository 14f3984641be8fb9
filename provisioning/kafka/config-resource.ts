/** Kafka's numbers for what has settings (ConfigResource.Type). */
export const topicResource = 2;
export const brokerResource = 4;

/**
 * Kafka's numbers in DescribeConfigs for "set on the topic itself", "set on this broker while it ran" and "set on all
 * brokers while they ran" (KIP-226).
 */
export const topicConfigSource = 1;
export const brokerConfigSource = 2;
export const defaultBrokerConfigSource = 3;
