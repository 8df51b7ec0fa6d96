"""The recommender service of Affectloop."""
